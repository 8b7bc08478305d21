"""p.3 Endemic OT, one index at a time. A receives (choice c), B sends."""
from core import H, vec, vscalar, u8, u32
import ec

DST = b'dkls-ts/v2/bot/h2c'


def h2c(bsid, idx, bit, R_other): return ec.hash_to_curve(bsid + u32(idx) + u8(bit) + ec.enc(R_other), DST)


def vpoint(label):
    """Fixed 'random point': first try t with x = vec(label/x/t) on the curve; y odd iff vec(label/sign)[0] & 1."""
    for t in range(100):
        p = ec.lift_x(int.from_bytes(vec('%s/x/%d' % (label, t)), 'big'), vec(label + '/sign')[0] & 1)
        if p: return p


def a_send(bsid, idx, c, u, R_un):
    """R_un = R_{1-c}. Returns (R_0, R_1)."""
    Rc = ec.sub(ec.mulG(u), h2c(bsid, idx, c, R_un))
    return (Rc, R_un) if c == 0 else (R_un, Rc)


def b_reply(bsid, idx, R, v):
    """R = (R_0, R_1), v = (v_0, v_1). Returns V, K, M."""
    M = [ec.add(R[0], h2c(bsid, idx, 0, R[1])), ec.add(R[1], h2c(bsid, idx, 1, R[0]))]
    assert all(M)
    V = [ec.mulG(x) for x in v]
    K = [key(bsid, idx, b, R, V[b], ec.mul(v[b], M[b])) for b in (0, 1)]
    return V, K, M


def key(bsid, idx, b, R, Vb, shared):
    return H('bot/key', bsid, u32(idx), u8(b), ec.enc(R[0]), ec.enc(R[1]), ec.enc(Vb), ec.enc(shared))


def a_key(bsid, idx, c, u, R, V): return key(bsid, idx, c, R, V[c], ec.mul(u, V[c]))
