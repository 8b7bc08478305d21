"""b and f: REMOVE of the 3-of-5 KEYGEN of protocol-vectors.json (a dealer leaves, a newcomer comes, t 3 -> 2), and an
IMPORT by somebody who gets no share. Writes ../lifecycle.json. Run in this folder: python3 lifecycle.py"""
import json
from core import *
import ec
from ec import Q, sc


def run_epoch(p, purpose, t, members, gen, parent, wallet, exportable, t_old, old, known, roster):
    """members: identity, dealer secret or None, old index, new index. old: X of the parent epoch. known: (key Q, chain
    code). All random values below p: party/<pid>/nonce|blind (32 B), a<k>, pok<k>, sharepok (vscalar)."""
    members = sorted(members, key=lambda m: m['id']['pk'])
    for pid, m in enumerate(members, 1): m['pid'] = pid
    pids = [m['pid'] for m in members]
    dealers = [m for m in members if m['secret'] is not None]
    holders = sorted((m for m in members if m['new']), key=lambda m: m['new'])
    D = [m['old'] for m in dealers]
    Qp, chain = known
    ccPub = H('cc/pub', Z, ec.enc(Qp), chain)
    hX = H('cfg/x', Z, cat(u8(i) + ec.enc(old[i]) for i in sorted(old))) if old else b''
    plist = enc_plist((m['id']['pk'], int(m in dealers), m['old'], m['new']) for m in members)
    cfgHash = H('cfg', Z, SUITE_ID, u8(PURPOSE[purpose]), u8(t), u8(len(holders)), plist, parent, u32(gen), wallet,
                u8(exportable), u8(t_old), ec.enc(Qp), ccPub, hX)
    sess = session_id(roster, parent, purpose, [], b'' if purpose == 'IMPORT' else ec.enc(Qp), vec(p + 'proposalDigest'),
                      1, [m['pid'] for m in dealers], cfgHash, [(x, vec(p + 'consent/%d' % x)) for x in pids])
    for m in members:
        l = p + 'party/%d/' % m['pid']
        m['nonce'], m['com'] = vec(l + 'nonce'), Z
        if m in dealers:
            weight = lagrange(m['old'], D) if old else 1
            m['a'] = [weight * m['secret'] % Q] + [vscalar(l + 'a%d' % k) for k in range(1, t)]
            m['A'] = [ec.mulG(v) for v in m['a']]
            assert m['A'][0] == (ec.mul(weight, old[m['old']]) if old else Qp)                    # F1
            m['blind'], m['Ab'] = vec(l + 'blind'), cat(ec.enc(v) for v in m['A'])
            m['com'] = H('dkg/com', sess, u8(m['pid']), m['nonce'], m['Ab'], Z, m['blind'])
        m['R1'] = envelope(m['id'], 0x10, 1, m['pid'], 0, sess, m['nonce'] + m['com'])
    sid = H('dkg/sid', sess, *[u8(m['pid']) + m['nonce'] + m['com'] for m in members])
    for m in members:
        body = sid
        if m in dealers:
            pok = [schnorr('dkg/pok', sid, [u8(m['pid']), u32(k), ec.enc(m['A'][k])], m['a'][k],
                           vscalar(p + 'party/%d/pok%d' % (m['pid'], k))) for k in range(t)]
            body += m['Ab'] + Z + m['blind'] + cat(pok)
        m['R2'] = envelope(m['id'], 0x10, 2, m['pid'], 0, sess, body)
    echo2 = H('dkg/echo2', sid, *[u8(m['pid']) + m['R2']['eh'] for m in members])
    for m in members: m['R3'] = envelope(m['id'], 0x10, 3, m['pid'], 0, sid, echo2)
    ev = lambda m, j: sum(c * pow(j, k, Q) for k, c in enumerate(m['a'])) % Q
    for m in dealers:
        m['p2p'] = [envelope(m['id'], 0x11, 3, m['pid'], h['pid'], sid, m['R3']['eh'] + sc(ev(m, h['new'])) + chain)
                    for h in holders if h is not m]
    x = {h['new']: sum(ev(m, h['new']) for m in dealers) % Q for h in holders}
    F = []
    for k in range(t):
        f = None
        for m in dealers: f = ec.add(f, m['A'][k])
        F.append(f)
    X = {j: ec.mulG(x[j]) for j in x}
    assert F[0] == Qp
    S = sorted(x)[-t:]
    assert ec.mulG(sum(lagrange(i, S) * x[i] for i in S)) == Qp
    digest = H('dkg/digest', sid, cfgHash, ec.enc(Qp), ccPub, cat(ec.enc(f) for f in F), cat(ec.enc(X[j]) for j in sorted(X)))
    epoch = H('epoch', Z, digest)
    for h in holders:
        own = schnorr('dkg/share-pok', sid, [digest, u8(h['pid']), ec.enc(X[h['new']])], x[h['new']],
                      vscalar(p + 'party/%d/sharepok' % h['pid']))
        h['R4'] = envelope(h['id'], 0x10, 4, h['pid'], 0, sid, digest + own)
        h['ACK'] = envelope(h['id'], 0x12, 5, h['pid'], 0, sid, epoch + parent + u32(gen) + cfgHash + digest)
        h['ACTIVE'] = envelope(h['id'], 0x13, 6, h['pid'], 0, sid, epoch + u32(gen))
    kinds = ('R1', 'R2', 'R3', 'R4', 'ACK', 'ACTIVE')
    return dict(
        t=t, hX=hX.hex(), pList=plist.hex(), cfgHash=cfgHash.hex(), sessionId=sess.hex(), sid=sid.hex(), ccPub=ccPub.hex(),
        members=[dict(pid=m['pid'], deals=m in dealers, old=m['old'], new=m['new'],
                      messages={k: ejson(m[k]) for k in kinds if k in m}, shares=[ejson(e) for e in m.get('p2p', [])])
                 for m in members],
        x={str(j): sc(x[j]).hex() for j in sorted(x)}, X={str(j): ec.enc(X[j]).hex() for j in sorted(X)},
        F=[ec.enc(f).hex() for f in F], digest=digest.hex(), epochId=epoch.hex())


def remove():
    key = json.load(open('../protocol-vectors.json'))['sign35']['keygen']
    ids = {i: ed_key('keygen35/identity/%d' % i) for i in range(1, 6)}
    x = {int(i): int(v, 16) for i, v in key['x'].items()}
    X = {int(i): ec.dec(bytes.fromhex(v)) for i, v in key['X'].items()}
    member = lambda o, n, deals: dict(id=ids[o], secret=x[o] if deals else None, old=o, new=n)
    members = [member(5, 1, True), dict(id=ed_key('remove/newcomer/new'), secret=None, old=0, new=2), member(1, 3, True),
               member(3, 0, True)]
    known = (ec.dec(bytes.fromhex(key['Q'])), bytes.fromhex(key['chainCode']))
    return run_epoch('remove/', 'REMOVE', 2, members, 2, bytes.fromhex(key['epochId']), bytes.fromhex(key['walletId']), 0, 3,
                     X, known, bytes.fromhex(key['rosterDigest']))


def import_():
    secret = vscalar('import/key')
    members = [dict(id=ed_key('import/identity/%d' % i), secret=None, old=0, new=i) for i in (1, 2)]
    members.append(dict(id=ed_key('import/dealer'), secret=secret, old=0, new=0))
    wallet = H('wallet', Z, vec('import/proposalDigest'), u32(1))
    return run_epoch('import/', 'IMPORT', 2, members, 1, Z, wallet, 1, 0, {}, (ec.mulG(secret), vec('import/chainCode')),
                     vec('import/rosterDigest'))


if __name__ == '__main__':
    header = 'REMOVE and IMPORT of docs/protocol.md b and f by reference/lifecycle.py, written from the text alone. vec, ' \
             'vscalar and the form of messages are those of protocol-vectors.json.'
    with open('../lifecycle.json', 'w') as out:
        json.dump(dict(header=header, remove=remove(), **{'import': import_()}), out, indent=1)
        out.write('\n')
