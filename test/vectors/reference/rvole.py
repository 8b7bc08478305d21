"""Section c: OT extension with consistency check and random vector OLE, one direction (B receiver, A sender).

Rows are Python integers: rule a.3.4 (bit j of a byte string = bit j&7 of byte j>>3) makes a byte string the
little-endian encoding of the integer whose bit j is bit j of the vector. GF(2^128) elements likewise.
"""
from core import H, h, cat, u32, to_scalar
from ec import Q, sc

KAPPA, XI, ROW = 128, 416, 68
le = lambda b: int.from_bytes(b, 'little')
M128 = (1 << 128) - 1


def gf_mul(a, b):
    r = 0
    while b:
        if b & 1: r ^= a
        a <<= 1
        if a >> 128: a = (a & M128) ^ 0x87
        b >>= 1
    return r


def prg_row(oteSid, seed, r, y):
    return le(cat(h('ote/prg', oteSid, seed + u32(r) + u32(y) + u32(c)) for c in range(3))[:ROW])


def chis(oteSid, hU): return [le(h('ote/chi', oteSid, hU + u32(m))[:16]) for m in range(4)]


def row_hash(M, chi):
    """mask(M) xor sum_m chi_m * block_m(M); block_3 = bits 384..415 zero-extended."""
    data = M & ((1 << XI) - 1)
    r = M >> XI
    for m in range(4): r ^= gf_mul(chi[m], (data >> (128 * m)) & M128)
    return r


def transpose(rows): return [sum(((rows[r] >> j) & 1) << r for r in range(KAPPA)) for j in range(XI)]
def gadget(oteSid): return [to_scalar(h('rv/gadget', oteSid, u32(j))) for j in range(XI)]
def pad(rvSid, z, j, m): return to_scalar(h('rv/pad', rvSid, z.to_bytes(16, 'little') + u32(j) + u32(m)))


def b_step1(oteSid, seeds, beta, mask):
    """seeds: 128 pairs (K_0, K_1); beta 52 B, mask 16 B."""
    xp = le(beta + mask)
    rho = [[prg_row(oteSid, seeds[r][y], r, y) for y in (0, 1)] for r in range(KAPPA)]
    U = [xp ^ a ^ b for a, b in rho]
    V = [b for _, b in rho]
    Ub = cat(x.to_bytes(ROW, 'little') for x in U)
    hU = H('ote/u', oteSid, Ub)
    chi = chis(oteSid, hU)
    xh = row_hash(xp, chi)
    th = [row_hash(v, chi) for v in V]
    psi = transpose(V)
    g = gadget(oteSid)
    bits = [(xp >> j) & 1 for j in range(XI)]
    b = sum(gj for gj, bit in zip(g, bits) if bit) % Q
    body = Ub + xh.to_bytes(16, 'little') + cat(t.to_bytes(16, 'little') for t in th)
    assert len(body) == 10768
    return dict(xp=xp, V=V, U=Ub, hU=hU, chi=chi, xh=xh, th=th, psi=psi, g=g, beta=bits, b=b, body=body)


def a_check(oteSid, Kc, Delta, body):
    """c.2 steps 1 and 2: (C1, W, q). Kc[r] = K_{1-Delta_r}; Delta is an integer."""
    Ub, xh, th = body[:8704], le(body[8704:8720]), [le(body[8720 + 16 * r:8736 + 16 * r]) for r in range(KAPPA)]
    W = []
    for r in range(KAPPA):
        d = (Delta >> r) & 1
        W.append(prg_row(oteSid, Kc[r], r, 1 - d) ^ (le(Ub[ROW * r:ROW * r + ROW]) if d else 0))
    chi = chis(oteSid, H('ote/u', oteSid, Ub))
    q = [row_hash(w, chi) for w in W]
    bad = 0
    for r in range(KAPPA): bad |= q[r] ^ th[r] ^ (xh if (Delta >> r) & 1 else 0)
    return bad == 0, W, q


def thetas(rvSid, at): return [to_scalar(H('rv/theta', rvSid, u32(m), at)) for m in (0, 1)]


def a_step2(oteSid, rvSid, W, Delta, a, ah):
    zeta = transpose(W)
    g = gadget(oteSid)
    al0 = [[pad(rvSid, zeta[j], j, m) for m in range(3)] for j in range(XI)]
    al1 = [[pad(rvSid, zeta[j] ^ Delta, j, m) for m in range(3)] for j in range(XI)]
    c = [-sum(g[j] * al0[j][m] for j in range(XI)) % Q for m in (0, 1)]
    add = [a[0], a[1], ah]
    at = cat(sc(al0[j][m] - al1[j][m] + add[m]) for j in range(XI) for m in range(3))
    th = thetas(rvSid, at)
    eta = (ah + th[0] * a[0] + th[1] * a[1]) % Q
    mu = H('rv/mu', rvSid, cat(sc(al0[j][2] + th[0] * al0[j][0] + th[1] * al0[j][1]) for j in range(XI)))
    return dict(zeta=zeta, g=g, al0=al0, al1=al1, c=c, at=at, theta=th, eta=eta, mu=mu, body=at + sc(eta) + mu)


def b_step3(rvSid, st, body):
    at, eta, mu = body[:39936], int.from_bytes(body[39936:39968], 'big'), body[39968:40000]
    assert eta < Q
    A = [[int.from_bytes(at[32 * (3 * j + m):32 * (3 * j + m) + 32], 'big') for m in range(3)] for j in range(XI)]
    assert all(x < Q for row in A for x in row)
    dd = [[(pad(rvSid, st['psi'][j], j, m) + st['beta'][j] * A[j][m]) % Q for m in range(3)] for j in range(XI)]
    th = thetas(rvSid, at)
    mu2 = H('rv/mu', rvSid, cat(sc(dd[j][2] + th[0] * dd[j][0] + th[1] * dd[j][1] - st['beta'][j] * eta)
                                for j in range(XI)))
    d = [sum(st['g'][j] * dd[j][m] for j in range(XI)) % Q for m in (0, 1)]
    return mu2 == mu, d
