#!/usr/bin/env python3
"""An external checker for a Keymoot participant (docs/checker.md), with nothing but Python's standard library.

It reads one request on standard input and writes one answer on standard output. It shares no code with Keymoot: it has
its own Keccak-256, its own RLP and its own EIP-712, so that a mistake in one of them shows as a disagreement.
"""
import json
import re
import sys

# --- Keccak-256 (the original padding, as Ethereum uses it; hashlib's sha3_256 is another function) ---

ROTATIONS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]
MASK = (1 << 64) - 1


def round_constants():
    state, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if state & 1:
                constant |= 1 << ((1 << j) - 1)
            state = ((state << 1) ^ (0x171 if state & 0x80 else 0)) & 0xFF
        constants.append(constant)
    return constants


CONSTANTS = round_constants()


def rotate(value, by):
    return ((value << by) | (value >> (64 - by))) & MASK if by else value


def permute(a):
    for constant in CONSTANTS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x - 1) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = rotate(a[x][y] ^ d[x], ROTATIONS[x][y])
        for x in range(5):
            for y in range(5):
                a[x][y] = b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y] & MASK)
        a[0][0] ^= constant


def keccak256(data):
    rate = 136
    padded = bytearray(data) + b"\x01"
    padded += b"\x00" * (-len(padded) % rate)
    padded[-1] |= 0x80
    a = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lane = int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
            a[i % 5][i // 5] ^= lane
        permute(a)
    return b"".join(a[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


class Refused(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refused(what)


# --- RLP, strict: one spelling for each value, nothing behind it ---


def rlp_item(data, at):
    need(at < len(data), "RLP ends too early")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    is_list = first >= 0xC0
    short = first - (0xC0 if is_list else 0x80)
    if short <= 55:
        length, begin = short, at + 1
    else:
        width = short - 55
        begin = at + 1 + width
        head = data[at + 1 : begin]
        need(len(head) == width and head[0] != 0, "RLP length is not minimal")
        length = int.from_bytes(head, "big")
        need(length > 55, "RLP length is not minimal")
    end = begin + length
    need(end <= len(data), "RLP ends too early")
    if is_list:
        items, cursor = [], begin
        while cursor < end:
            item, cursor = rlp_item(data[:end], cursor)
            items.append(item)
        return items, end
    need(not (length == 1 and data[begin] < 0x80), "RLP byte is not minimal")
    return data[begin:end], end


def rlp_list(data):
    value, end = rlp_item(data, 0)
    need(isinstance(value, list) and end == len(data), "not exactly one RLP list")
    return value


def rlp_encode(value):
    if isinstance(value, list):
        body = b"".join(rlp_encode(item) for item in value)
        base = 0xC0
    else:
        if len(value) == 1 and value[0] < 0x80:
            return value
        body, base = value, 0x80
    if len(body) <= 55:
        return bytes([base + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size + body


def integer(item, bits):
    need(isinstance(item, bytes) and not item.startswith(b"\x00") and len(item) * 8 <= bits, "not a number in range")
    return int.from_bytes(item, "big")


def minimal(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def address(item):
    need(isinstance(item, bytes) and len(item) == 20, "not an address")
    return "0x" + item.hex()


# --- Transactions ---

TYPES = {1: ("eip2930", 8), 2: ("eip1559", 9), 3: ("eip4844", 11), 4: ("eip7702", 10)}


def transaction(payload):
    raw = unhex(payload["unsigned"])
    need(len(raw) > 0, "empty")
    if raw[0] >= 0xC0:
        nonce, price, gas, to, value, data, chain, zero_r, zero_s = exactly(rlp_list(raw), 9)
        need(zero_r == b"" and zero_s == b"", "already signed")
        fields = {"type": "legacy", "gasPrice": str(integer(price, 256))}
    else:
        need(raw[0] in TYPES, "unknown transaction type")
        name, count = TYPES[raw[0]]
        items = exactly(rlp_list(raw[1:]), count)
        chain, nonce = items[0], items[1]
        fields = {"type": name}
        if name == "eip2930":
            fields["gasPrice"] = str(integer(items[2], 256))
            rest = items[3:]
        else:
            fields["maxPriorityFeePerGas"] = str(integer(items[2], 256))
            fields["maxFeePerGas"] = str(integer(items[3], 256))
            rest = items[4:]
        gas, to, value, data, access = rest[:5]
        need(isinstance(access, list), "no access list")
        if name == "eip4844":
            fields["maxFeePerBlobGas"] = str(integer(rest[5], 256))
            fields["blobs"] = ",".join("0x" + item.hex() for item in rest[6])
        if name == "eip7702":
            fields["authorizations"] = ",".join(
                f"{integer(item[0], 256)}/{address(item[1])}/{integer(item[2], 64)}" for item in rest[5]
            )
    need(isinstance(data, bytes), "no calldata")
    fields.update(
        chainId=str(integer(chain, 256)),
        nonce=str(integer(nonce, 64)),
        gas=str(integer(gas, 64)),
        to="none" if to == b"" else address(to),
        value=str(integer(value, 256)),
        data="0x" + data.hex(),
    )
    return keccak256(raw), fields


def exactly(items, count):
    need(len(items) == count, f"{len(items)} fields instead of {count}")
    return items


# --- EIP-712 ---


def typed_data(payload):
    document = payload["typedData"]
    types, primary = document["types"], document["primaryType"]
    domain, message = document["domain"], document["message"]
    digest = keccak256(b"\x19\x01" + hash_struct("EIP712Domain", domain, types) + hash_struct(primary, message, types))
    fields = {
        "primaryType": primary,
        "chainId": str(number(domain["chainId"])) if "chainId" in domain else "none",
        "verifyingContract": domain.get("verifyingContract", "none").lower(),
    }
    if primary == "SafeTx" and is_safe_tx(types["SafeTx"]):
        gas_name = "dataGas" if "dataGas" in message else "baseGas"
        fields["baseGas"] = str(number(message[gas_name]))
        for name in ("value", "operation", "safeTxGas", "gasPrice", "nonce"):
            fields[name] = str(number(message[name]))
        for name in ("to", "data", "gasToken", "refundReceiver"):
            fields[name] = message[name].lower()
        need(fields["operation"] in ("0", "1"), "operation is neither call nor delegatecall")
    return digest, fields


SAFE_TX = "to value data operation safeTxGas baseGas gasPrice gasToken refundReceiver nonce".split()


def is_safe_tx(members):
    names = [member["name"].replace("dataGas", "baseGas") for member in members]
    return names == SAFE_TX


def base_type(name):
    return re.sub(r"(\[[0-9]*\])+$", "", name)


def dependencies(name, types, found):
    if name in found or name not in types:
        return
    found.append(name)
    for member in types[name]:
        dependencies(base_type(member["type"]), types, found)


def type_hash(name, types):
    found = []
    dependencies(name, types, found)
    ordered = [name] + sorted(found[1:])
    text = "".join(f"{n}({','.join(m['type'] + ' ' + m['name'] for m in types[n])})" for n in ordered)
    return keccak256(text.encode())


def hash_struct(name, value, types):
    need(set(value) == {member["name"] for member in types[name]}, f"{name} has other fields than its type")
    body = b"".join(encode_value(member["type"], value[member["name"]], types) for member in types[name])
    return keccak256(type_hash(name, types) + body)


def encode_value(kind, value, types):
    array = re.fullmatch(r"(.*)\[([0-9]*)\]", kind)
    if array:
        need(array[2] == "" or len(value) == int(array[2]), "a list of another length than its type")
        return keccak256(b"".join(encode_value(array[1], item, types) for item in value))
    if kind in types:
        return hash_struct(kind, value, types)
    if kind == "string":
        return keccak256(value.encode())
    if kind == "bytes":
        return keccak256(unhex(value))
    if kind == "bool":
        need(value is True or value is False, "not a truth value")
        return int(value).to_bytes(32, "big")
    if kind == "address":
        raw = unhex(value)
        need(len(raw) == 20, "not an address")
        return raw.rjust(32, b"\x00")
    fixed = re.fullmatch(r"bytes([0-9]+)", kind)
    if fixed:
        raw = unhex(value)
        need(len(raw) == int(fixed[1]) <= 32, f"not {kind}")
        return raw.ljust(32, b"\x00")
    whole = re.fullmatch(r"(u?)int([0-9]*)", kind)
    need(whole, f"unknown type {kind}")
    bits = int(whole[2] or 256)
    n = number(value)
    low, high = (0, 1 << bits) if whole[1] else (-(1 << (bits - 1)), 1 << (bits - 1))
    need(low <= n < high, f"{n} is not a {kind}")
    return (n % (1 << 256)).to_bytes(32, "big")


# --- Messages and authorizations ---


def message(payload):
    is_text = payload["encoding"] == "text"
    need(is_text or payload["encoding"] == "hex", "unknown encoding")
    raw = payload["message"].encode() if is_text else unhex(payload["message"])
    digest = keccak256(b"\x19Ethereum Signed Message:\n" + str(len(raw)).encode() + raw)
    return digest, {"encoding": payload["encoding"], "length": str(len(raw))}


def authorization(payload):
    chain, nonce, target = number(payload["chainId"]), number(payload["nonce"]), unhex(payload["address"])
    need(len(target) == 20, "not an address")
    digest = keccak256(b"\x05" + rlp_encode([minimal(chain), target, minimal(nonce)]))
    return digest, {"chainId": str(chain), "address": "0x" + target.hex(), "nonce": str(nonce)}


def unhex(text):
    need(text.startswith("0x"), "not hex")
    return bytes.fromhex(text[2:])


def number(text):
    need(isinstance(text, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)", text), "not a decimal number")
    return int(text)


READERS = {
    "evm-transaction": transaction,
    "evm-typed-data": typed_data,
    "evm-message": message,
    "evm-authorization": authorization,
}


def answer(line):
    try:
        request = json.loads(line)
        need(request["request"] == "keymoot.check.v1", "unknown request")
        payload = request["payload"]
        need(payload["kind"] in READERS, "unknown kind")
        digest, fields = READERS[payload["kind"]](payload)
        return {"digest": "0x" + digest.hex(), "fields": fields, "kind": payload["kind"], "response": "keymoot.checked.v1"}
    except Exception as error:  # Whatever cannot be read is refused; the node then denies.
        words = f"{type(error).__name__}: {error}".encode("ascii", "replace").decode()
        return {"refused": words[:300], "response": "keymoot.checked.v1"}


if __name__ == "__main__":
    print(json.dumps(answer(sys.stdin.read())))
