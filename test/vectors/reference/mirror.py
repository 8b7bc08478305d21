"""p.3 with try-and-increment, and p.8: the base OTs of the second direction by one OT extension over the first."""
import hashlib
from core import H, h, cat, u8, u32
import ec
from rvole import KAPPA, le, gf_mul, prg_row, chis

DST = b'dkls-ts/v2/bot/point'
M128, M256 = (1 << 128) - 1, (1 << 256) - 1


def hash_to_point(message, dst=DST):
    """a.4: x = block 0 if it is the x coordinate of a point, else the next counter; parity of y from block 1."""
    block = lambda ctr, part: hashlib.sha256(
        u8(len(dst)) + dst + u32(len(message)) + message + u32(ctr) + u8(part)).digest()
    ctr = 0
    while True:
        point = ec.lift_x(int.from_bytes(block(ctr, 0), 'big'), block(ctr, 1)[31] & 1)
        if point is not None: return point
        ctr += 1


# Rows are integers of 256 bits: bits 0..127 choice, bits 128..255 mask. The first 32 bytes of the long PRG row.
def short_row(sid, seed, r, y): return prg_row(sid, seed, r, y) & M256
def row_hash(row, chi0): return (row >> 128) ^ gf_mul(chi0, row & M128)
def columns(rows): return [sum(((rows[r] >> k) & 1) << r for r in range(KAPPA)) for k in range(KAPPA)]
def key(sid, vector, k): return h('mirror/key', sid, vector.to_bytes(16, 'little') + u32(k))
def mirror_sid(pairSid, b, a, head): return H('mirror/sid', pairSid, u8(b), u8(a), head)


def extend(sid, seeds, choice):
    """Sender of base OT. seeds: 128 pairs; choice: Delta of the second direction 16 B . mask 16 B."""
    x = le(choice)
    U = [x ^ short_row(sid, k0, r, 0) ^ short_row(sid, k1, r, 1) for r, (k0, k1) in enumerate(seeds)]
    V = [short_row(sid, k1, r, 1) for r, (_, k1) in enumerate(seeds)]
    Ub = cat(u.to_bytes(32, 'little') for u in U)
    chi0 = chis(sid, H('ote/u', sid, Ub))[0]
    body = Ub + row_hash(x, chi0).to_bytes(16, 'little') + cat(row_hash(v, chi0).to_bytes(16, 'little') for v in V)
    return body, [key(sid, psi, k) for k, psi in enumerate(columns(V))]


def check(sid, Kc, Delta, body):
    """Receiver of base OT: the 128 pairs (K_0, K_1) of the second direction, or None if C1 fails."""
    Ub, xh, th = body[:4096], le(body[4096:4112]), [le(body[4112 + 16 * r:4128 + 16 * r]) for r in range(KAPPA)]
    bit = lambda r: (Delta >> r) & 1
    W = [short_row(sid, Kc[r], r, 1 - bit(r)) ^ (le(Ub[32 * r:32 * r + 32]) if bit(r) else 0) for r in range(KAPPA)]
    chi0 = chis(sid, H('ote/u', sid, Ub))[0]
    if any(row_hash(W[r], chi0) != th[r] ^ (xh if bit(r) else 0) for r in range(KAPPA)): return None
    return [(key(sid, zeta ^ Delta, k), key(sid, zeta, k)) for k, zeta in enumerate(columns(W))]
