"""A complete PAIRSETUP (docs/protocol.md p) between two indices with fixed inputs. `python3 pair_setup.py` writes
../pair-setup-mirror.json; needs Python 3.11 and the package `cryptography`. Not constant-time, never production code."""
import json, os
from core import *
from ec import Q, sc
import ec
from endemic import vpoint
from rvole import b_step1, a_check, a_step2, b_step3, le
import mirror

P, I, J, CTR = 'mirror/', 1, 3, 0


def base_choose(bsid, Delta):
    """A = i: (c, u, R_0, R_1) of every OT."""
    rows = []
    for r in range(128):
        c = 1 - ((Delta >> r) & 1)
        u, other = vscalar(P + 'A/%d/u' % r), vpoint(P + 'A/%d/R' % r)
        own = ec.sub(ec.mulG(u), mirror.hash_to_point(bsid + u32(r) + u8(c) + ec.enc(other)))
        rows.append((c, u, own, other) if c == 0 else (c, u, other, own))
    return rows


def base_transfer(bsid, rows):
    """B = j: V_0, V_1 and K_0, K_1 of every OT, from the public points."""
    V, K = [], []
    for r, (_, _, R0, R1) in enumerate(rows):
        M = [ec.add(R0, mirror.hash_to_point(bsid + u32(r) + u8(0) + ec.enc(R1))),
             ec.add(R1, mirror.hash_to_point(bsid + u32(r) + u8(1) + ec.enc(R0)))]
        v = [vscalar(P + 'B/%d/v%d' % (r, b)) for b in (0, 1)]
        V.append([ec.mulG(x) for x in v])
        K.append(tuple(ot_key(bsid, r, b, R0, R1, V[r][b], ec.mul(v[b], M[b])) for b in (0, 1)))
    return V, K


def ot_key(bsid, r, b, R0, R1, Vb, shared):
    return H('bot/key', bsid, u32(r), u8(b), ec.enc(R0), ec.enc(R1), ec.enc(Vb), ec.enc(shared))


def run():
    ids = {x: ed_key(P + 'identity/%d' % x) for x in (I, J)}
    ep, roster = vec(P + 'epochId'), vec(P + 'rosterDigest')
    n = {x: vec(P + 'nonce/%d' % x) for x in (I, J)}
    z = {x: vec(P + 'z/%d' % x) for x in (I, J)}
    other = {I: J, J: I}
    env = lambda rnd, frm, sid, body: envelope(ids[frm], 0x20, rnd, frm, other[frm], sid, body)
    PS = {r: {} for r in range(1, 7)}
    PS[1] = {I: env(1, I, ep, u32(CTR) + n[I]), J: env(1, J, ep, u32(CTR) + n[J] + n[I])}
    pairSid = H('pair/sid', ep, u8(I), u8(J), u32(CTR), n[I], n[J], u8(2))
    bsid = H('bot/sid', pairSid, u8(J), u8(I))

    Delta = {I: le(vec(P + 'Delta', 16))}
    rows = base_choose(bsid, Delta[I])
    PS[2][I] = env(2, I, pairSid, cat(ec.enc(R0) + ec.enc(R1) for _, _, R0, R1 in rows) + z[I])

    V, base = base_transfer(bsid, rows)
    head = PS[2][I]['eh'] + cat(ec.enc(v[0]) + ec.enc(v[1]) for v in V) + z[J]
    mSid = mirror.mirror_sid(pairSid, J, I, head)
    choice = vec(P + 'choice', 16) + vec(P + 'choice-mask', 16)
    Delta[J] = le(choice[:16])
    ext, KcJ = mirror.extend(mSid, base, choice)
    PS[3][J] = env(3, J, pairSid, head + ext)

    KcI = [ot_key(bsid, r, c, R0, R1, V[r][c], ec.mul(u, V[r][c])) for r, (c, u, R0, R1) in enumerate(rows)]
    assert all(KcI[r] == base[r][rows[r][0]] for r in range(128))
    mirrored = mirror.check(mSid, KcI, Delta[I], ext)
    assert all(KcJ[k] == mirrored[k][1 - ((Delta[J] >> k) & 1)] != mirrored[k][(Delta[J] >> k) & 1] for k in range(128))
    dirs = {(J, I): dict(seeds=base, Delta=Delta[I], Kc=KcI), (I, J): dict(seeds=mirrored, Delta=Delta[J], Kc=KcJ)}

    negative = []                                            # C1 of the mirror, with the answers of an honest peer
    fl = lambda b, byte, bit: b[:byte] + bytes([b[byte] ^ (1 << bit)]) + b[byte + 1:]
    for name, body in (('U row 0 bit 0 flipped', fl(ext, 0, 0)), ('U row 1 mask bit flipped', fl(ext, 63, 7)),
                       ('xh bit 0 flipped', fl(ext, 4096, 0)), ('th_127 bit 127 flipped', fl(ext, len(ext) - 1, 7))):
        ok = mirror.check(mSid, KcI, Delta[I], body) is not None
        assert not ok
        negative.append(dict(case=name, bodySha256=sha(body).hex(), result=ok))

    zs = H('zs/seed', pairSid, u8(I), u8(J), z[I], z[J])
    conf = H('pair/confirm', pairSid, PS[1][I]['eh'], PS[1][J]['eh'], PS[2][I]['eh'], PS[3][J]['eh'])
    pairEpoch = H('pair/epoch', pairSid, conf)
    sess = session_id(roster, ep, 'SELFTEST', [], b'', pairSid, CTR, [I, J], conf, [])
    B, oteSid = {}, {}
    for b in (I, J):
        oteSid[b] = H('ote/sid', ep, pairEpoch, sess, u8(b), u8(other[b]), n[b])
        B[b] = b_step1(oteSid[b], dirs[(b, other[b])]['seeds'], vec(P + 'beta/%d' % b, 52), vec(P + 'mask/%d' % b, 16))
        PS[4][b] = env(4, b, pairSid, conf + B[b]['body'])
    for b in (I, J):
        a, d = other[b], dirs[(b, other[b])]
        rvSid = H('rv/sid', sess, u8(b), u8(a), H('ote/msg', oteSid[b], B[b]['body']))
        ok, W, _ = a_check(oteSid[b], d['Kc'], d['Delta'], B[b]['body'])
        assert ok
        ain = [vscalar(P + 'a%d/%d' % (m, a)) for m in (0, 1)]
        M = a_step2(oteSid[b], rvSid, W, d['Delta'], ain, vscalar(P + 'ah/%d' % a))
        pts = [ec.mulG(x) for x in ain + M['c']]
        PS[5][a] = env(5, a, pairSid, M['body'] + cat(ec.enc(x) for x in pts))
        ok, dd = b_step3(rvSid, B[b], M['body'])
        assert ok and all(ec.mul(B[b]['b'], pts[m]) == ec.add(ec.mulG(dd[m]), pts[2 + m]) for m in (0, 1))
        PS[6][b] = env(6, b, pairSid, pairEpoch)
    lengths = {2: 8480, 3: 14672, 4: 10800, 5: 40132, 6: 32}
    assert all(len(e['body']) == lengths[r] for r in lengths for e in PS[r].values())

    hash_cases = []
    for k in range(4):
        m = vec(P + 'point/%d' % k, 70 if k else 0)
        hash_cases.append(dict(message=m.hex(), point=ec.enc(mirror.hash_to_point(m)).hex()))
    return dict(
        header='PAIRSETUP of docs/protocol.md p by the Python files in reference/. vec, vscalar, vpoint and the form of '
               'messages are those of protocol-vectors.json. Labels below ' + P + ': identity/<x>, nonce/<x>, z/<x>, '
               'Delta (16 B, of i), A/<r>/u, A/<r>/R (vpoint), B/<r>/v0, B/<r>/v1, choice (16 B, Delta of j), '
               'choice-mask (16 B); self-test beta/<x> (52), mask/<x> (16), a0/<x>, a1/<x>, ah/<x>.',
        hashToPoint=dict(dst=mirror.DST.decode(), cases=hash_cases),
        tags=[dict(tag='mirror/sid', fn='H', sid=pairSid.hex(), fields=[u8(J).hex(), u8(I).hex(), vec(P + 'head').hex()],
                   out=mirror.mirror_sid(pairSid, J, I, vec(P + 'head')).hex()),
              dict(tag='mirror/key', fn='h', sid=mSid.hex(), w=(vec(P + 'psi', 16) + u32(127)).hex(),
                   out=mirror.key(mSid, le(vec(P + 'psi', 16)), 127).hex())],
        i=I, j=J, ctr=CTR, epochId=ep.hex(), rosterDigest=roster.hex(), pairSid=pairSid.hex(), bsid=bsid.hex(),
        mirrorSid=mSid.hex(), zs=zs.hex(), conf=conf.hex(), pairEpoch=pairEpoch.hex(), selftestSessionId=sess.hex(),
        Delta={str(x): Delta[x].to_bytes(16, 'little').hex() for x in (I, J)},
        bothSha256={'B%dA%d' % k: sha(cat(x + y for x, y in d['seeds'])).hex() for k, d in dirs.items()},
        chosenSha256={'B%dA%d' % k: sha(cat(d['Kc'])).hex() for k, d in dirs.items()},
        mirror=dict(bodySha256=sha(ext).hex(), U_0=ext[:32].hex(), xh=ext[4096:4112].hex(), th_0=ext[4112:4128].hex(),
                    K0_0=mirrored[0][0].hex(), K1_0=mirrored[0][1].hex(), negative=negative),
        messages={'PS%d' % r: {str(x): ejson(e) for x, e in PS[r].items()} for r in PS})


if __name__ == '__main__':
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '..', 'pair-setup-mirror.json'), 'w') as f:
        f.write(json.dumps(run(), indent=1) + '\n')
    print('ok')
