"""a.3, a.4, a.7: hashes, encodings, envelope, and the derivation of fixed test inputs."""
import hashlib
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ec import Q, enc, mulG, sc

Z = bytes(32)
sha = lambda b: hashlib.sha256(b).digest()
u8 = lambda n: n.to_bytes(1, 'big')
u16 = lambda n: n.to_bytes(2, 'big')
u32 = lambda n: n.to_bytes(4, 'big')
u64 = lambda n: n.to_bytes(8, 'big')
cat = b''.join
TRACE = {}      # tag -> first (sid, fields, out) seen


# ------------------------------------------------------------ a.4
def H(tag, sid, *f):
    assert len(sid) == 32 and not tag.startswith('hot/')
    return sha(sha(b'dkls-ts/v2/' + tag.encode()) + sid + u32(len(f)) + cat(u32(len(x)) + x for x in f))


def h(tag, sid, w):
    assert len(sid) == 32 and len(w) <= 52
    return sha(sha(b'dkls-ts/v2/hot/' + tag.encode()) + sid + w)


to_scalar = lambda b: int.from_bytes(b, 'big') % Q

SUITE_PRE = (b'curve=secp256k1;hash=sha256;kappa=128;seed=32;k=1;s=128;lambda=80;'
             b'xi=416;l=2;rho=1;bot=endemic-2v;spec=2')
SUITE_ID = H('suite', Z, SUITE_PRE)


# ------------------------------------------------------------ fixed inputs
def vec(label, n=32):
    """First n bytes of SHA256("keymoot vector" || label || u32be(0)) || SHA256(.. u32be(1)) ..."""
    return cat(sha(b'keymoot vector' + label.encode() + u32(c)) for c in range(-(-n // 32)))[:n]


def vscalar(label):
    """1 + (48 bytes big-endian mod (q-1)): in 1..q-1."""
    return 1 + int.from_bytes(vec(label, 48), 'big') % (Q - 1)


# ------------------------------------------------------------ a.7 elements
def enc_path(path): return u8(len(path)) + cat(u32(i) for i in path)
def enc_S(S):
    assert list(S) == sorted(set(S))
    return u8(len(S)) + cat(u8(i) for i in S)
def enc_consents(c): return cat(u8(i) + d for i, d in sorted(c))
def enc_plist(rows): return cat(k + u8(d) + u8(o) + u8(n) for k, d, o, n in rows)

PURPOSE = dict(KEYGEN=1, SIGN=2, RESHARE=3, REMOVE=4, IMPORT=5, EXPORT=6, SELFTEST=7)


def session_id(roster, epoch, purpose, path, childpk, proposal, attempt, S, digest, consents):
    return H('sess', Z, SUITE_ID, roster, epoch, u8(PURPOSE[purpose]), enc_path(path), childpk,
             proposal, u32(attempt), enc_S(S), digest, enc_consents(consents))


def lagrange(i, S):
    n = d = 1
    for j in S:
        if j != i: n, d = n * j % Q, d * (j - i) % Q
    return n * pow(d, -1, Q) % Q


def schnorr(tag, sid, fields, x, k):
    """fields = H fields before T. Returns T . z (65 B)."""
    T = enc(mulG(k))
    e = to_scalar(H(tag, sid, *fields, T))
    return T + sc(k + e * x)


# ------------------------------------------------------------ Ed25519 and envelope (a.3.5)
def ed_key(label):
    seed = vec(label)
    k = Ed25519PrivateKey.from_private_bytes(seed)
    return dict(label=label, seed=seed, sk=k, pk=k.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def envelope(key, typ, rnd, frm, to, sid, body):
    head = u8(2) + u16(1) + u8(typ) + u8(rnd) + u8(frm) + u8(to) + sid + u32(len(body)) + body
    eh = sha(head)
    sig = key['sk'].sign(b'dkls-ts/v2/env' + b'\0' + eh)
    return dict(bytes=head + sig, eh=eh, sig=sig, body=body, type=typ, round=rnd, frm=frm, to=to)


def ejson(e, full=None):
    """JSON of an envelope: body in full when short (<= 400 B), always sha256 of the body, eh and sig."""
    d = dict(type='0x%02x' % e['type'], round=e['round'], **{'from': e['frm']}, to=e['to'], len=len(e['body']),
             bodySha256=sha(e['body']).hex(), eh=e['eh'].hex(), sig=e['sig'].hex())
    if len(e['body']) <= 400: d['body'] = e['body'].hex()
    return d
