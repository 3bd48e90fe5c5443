#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Holds our encoding of the agent's messages to that of python3-protobuf, whose
# descriptions are in agent_oracle.proto:
#
#	PYTHONPATH=build/interop tests/unit/agent_vectors.py \
#		build/interop/agent_vectors
#
# For each message of a call: what our tool writes of known values is parsed
# here; what is encoded here (everything, nothing, and random values) is read
# and written again there, and is the same. What is written once is compared
# byte by byte, the rest as messages. Prints a line for each message.

import random
import subprocess
import sys

import agent_oracle_pb2 as oracle

RANDOM_MESSAGES = 200
LONG = 300

# Texts that end up in fixed fields of ours, and how long they may be.
NAME = 31
ADDRESS = 63
ID = 71
FIXED = {
    "Interface.device": NAME, "Interface.name": NAME,
    "Interface.hwAddr": ADDRESS, "Interface.devicePath": ADDRESS,
    "Interface.type": NAME, "IPAddress.address": ADDRESS,
    "IPAddress.mask": 7, "Route.dest": ADDRESS, "Route.gateway": ADDRESS,
    "Route.device": NAME, "Route.source": ADDRESS,
    "AgentDetails.version": NAME, "AgentDetails.device_handlers": NAME,
    "AgentDetails.storage_handlers": NAME,
    "AgentDetails.extra_features": NAME, "BlkioStatsEntry.op": NAME,
    "NetworkStats.name": NAME, "StatsEntry.key": NAME,
    "HugetlbStatsEntry.key": NAME, "OOMEvent.container_id": ID,
}

# What must be there, and numbers that are smaller with us.
NEEDED = {"UpdateInterfaceRequest.interface"}
SMALL = {"SetGuestDateTimeRequest.Usec": (32, False)}

# (bits, signed) of what a number is
NUMBERS = {"uint64": (64, False), "uint32": (32, False),
           "int64": (64, True), "int32": (32, True)}


def kind(field):
    names = {field.TYPE_STRING: "string", field.TYPE_BYTES: "bytes",
             field.TYPE_BOOL: "bool", field.TYPE_ENUM: "enum",
             field.TYPE_MESSAGE: "message", field.TYPE_UINT64: "uint64",
             field.TYPE_UINT32: "uint32", field.TYPE_INT64: "int64",
             field.TYPE_INT32: "int32"}
    return names[field.type]


def repeated(field):
    return field.label == field.LABEL_REPEATED


def is_map(field):
    return (kind(field) == "message" and repeated(field) and
            field.message_type.GetOptions().map_entry)


def full_name(field):
    return field.containing_type.name + "." + field.name


def needs_something(descriptor):
    return any(full_name(field) in NEEDED for field in descriptor.fields)


def new(descriptor):
    return getattr(oracle, descriptor.name)()


# -- Everything: the values that our tool writes too ---------------------------


def full_value(field, second=False):
    what = kind(field)
    if what == "string":
        return field.name + ("2" if second else "")
    if what == "bytes":
        return field.name.encode()
    if what == "bool":
        return True
    if what == "enum":
        return 1
    return 1000 + field.number + (1000 if second else 0)


def fill_map(message, field):
    entries = getattr(message, field.name)
    value = field.message_type.fields_by_name["value"]
    if kind(value) == "message":
        fill(entries["key"])
    else:
        entries["key"] = full_value(value)


def fill(message):
    for field in message.DESCRIPTOR.fields:
        if is_map(field):
            fill_map(message, field)
        elif kind(field) == "message":
            inner = getattr(message, field.name)
            fill(inner.add() if repeated(field) else inner)
        elif repeated(field):
            getattr(message, field.name).extend(
                [full_value(field), full_value(field, True)])
        else:
            setattr(message, field.name, full_value(field))
    return message


# -- Random values ------------------------------------------------------------


def any_number(bits, signed):
    number = random.getrandbits(random.randint(0, bits))
    if signed and number >= 1 << (bits - 1):
        number -= 1 << bits
    return number


def any_text(limit):
    """So many bytes of UTF-8 at most; without a NUL where we copy it."""
    alphabet = "abc/=. \x01\u00e9\u20ac\U0001f600"
    if limit is None:
        limit, alphabet = random.choice([8, 20, LONG]), alphabet + "\0"
    text = ""
    for _ in range(random.randint(0, limit)):
        more = text + random.choice(alphabet)
        if len(more.encode()) > limit:
            break
        text = more
    return text


def any_value(field):
    what = kind(field)
    if what == "string":
        return any_text(FIXED.get(full_name(field)))
    if what == "bytes":
        return bytes(random.getrandbits(8) for _ in range(
            random.randint(0, random.choice([4, LONG]))))
    if what == "bool":
        return random.random() < 0.5
    if what == "enum":
        return random.choice(field.enum_type.values).number
    return any_number(*SMALL.get(full_name(field), NUMBERS[what]))


def fill_any_map(message, field):
    entries = getattr(message, field.name)
    key, value = (field.message_type.fields_by_name[name]
                  for name in ("key", "value"))
    for _ in range(random.randint(0, 2)):
        if kind(value) == "message":
            fill_any(entries[any_value(key)])
        else:
            entries[any_value(key)] = any_value(value)


def fill_any(message):
    for field in message.DESCRIPTOR.fields:
        if random.random() < 0.25 and full_name(field) not in NEEDED:
            continue
        if is_map(field):
            fill_any_map(message, field)
        elif kind(field) == "message" and repeated(field):
            for _ in range(random.randint(0, 2)):
                fill_any(getattr(message, field.name).add())
        elif kind(field) == "message":
            getattr(message, field.name).SetInParent()
            fill_any(getattr(message, field.name))
        elif repeated(field):
            getattr(message, field.name).extend(
                any_value(field) for _ in range(random.randint(0, 2)))
        else:
            setattr(message, field.name, any_value(field))
    return message


# -- Comparing ----------------------------------------------------------------


def without_empty(message):
    """Whether a message in it is absent or empty makes no difference."""
    for field, value in message.ListFields():
        if is_map(field) or kind(field) != "message":
            continue
        if repeated(field):
            for element in value:
                without_empty(element)
            continue
        without_empty(value)
        if value.ByteSize() == 0:
            message.ClearField(field.name)
    return message


def parsed(descriptor, data):
    message = new(descriptor)
    message.ParseFromString(data)
    return without_empty(message)


def encoded(message):
    """As we write it: fields in order, but for the specification."""
    copy = type(message)()
    copy.CopyFrom(message)
    last = b""
    if message.DESCRIPTOR.name == "CreateContainerRequest":
        copy.ClearField("OCI")
        last = type(message)(OCI=message.OCI).SerializeToString()
    return copy.SerializeToString(deterministic=True) + last


class Tool:
    """Our tool, which answers each line with one."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(
            [path, "read"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)

    def written(self):
        """What it writes by itself: bytes by name."""
        lines = subprocess.run([self.path, "write"], check=True, text=True,
                               capture_output=True).stdout.splitlines()
        return {name: bytes.fromhex(digits) for name, _, digits in
                (line.partition(" ") for line in lines)}

    def again(self, name, data):
        """Those bytes, read and written again."""
        self.process.stdin.write(name + " " + data.hex() + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        word, _, rest = answer.rstrip("\n").partition(" ")
        if word != "ok":
            raise ValueError("%s of %s" % (answer.strip() or "no answer",
                                           data.hex()))
        return bytes.fromhex(rest)


def must(condition, what, wanted, got):
    if not condition:
        raise ValueError("%s: wanted %s, got %s" % (
            what, str(wanted).replace("\n", " "),
            str(got).replace("\n", " ")))


def check_same(tool, descriptor, message, data):
    """`data` means `message`, and still does when we have had it."""
    wanted = without_empty(message)
    got = parsed(descriptor, tool.again(descriptor.name, data))
    must(got == wanted, "after reading " + data.hex(), wanted, got)


def continuation(message):
    """The second part of a message: without what ours does not join. What is
    passed on as bytes counts as the last of it; a key that comes twice is two
    lines. No encoder sends either in parts."""
    for field, value in message.ListFields():
        if is_map(field) or field.name in ("OCI", "resources"):
            message.ClearField(field.name)
        elif kind(field) == "message" and not repeated(field):
            continuation(value)
    return message


def check_parts(tool, descriptor):
    """Two messages in a row are one, joined; except that our lists of
    strings cannot go on when another has begun."""
    data = fill_any(new(descriptor)).SerializeToString()
    data += continuation(fill_any(new(descriptor))).SerializeToString()
    message = new(descriptor)
    message.ParseFromString(data)
    try:
        check_same(tool, descriptor, message, data)
    except ValueError as error:
        if "elements with others between them" not in str(error):
            raise


def check(tool, written, descriptor):
    everything = fill(new(descriptor))
    data = encoded(everything)
    must(descriptor.name in written, "our tool", descriptor.name, "nothing")
    ours = written[descriptor.name]
    must(parsed(descriptor, ours) == everything, "our own", everything,
         parsed(descriptor, ours))
    must(ours == data, "our own", data.hex(), ours.hex())
    again = tool.again(descriptor.name, data)
    must(again == data, "everything", data.hex(), again.hex())
    if not needs_something(descriptor):
        check_same(tool, descriptor, new(descriptor), b"")
    for _ in range(RANDOM_MESSAGES):
        message = fill_any(new(descriptor))
        check_same(tool, descriptor, message, message.SerializeToString())
        check_parts(tool, descriptor)


def check_unpacked(tool, _, descriptor):
    """The same fields, in a message whose numbers do not come packed."""
    unpacked = getattr(oracle, descriptor.name + "Unpacked")
    for _ in range(RANDOM_MESSAGES):
        message = fill_any(new(descriptor))
        same = unpacked()
        for field, value in message.ListFields():
            getattr(same, field.name).extend(value)
        check_same(tool, descriptor, message, same.SerializeToString())


def messages():
    """Those of all calls, in the order in which they come up."""
    found = {}
    for service in oracle.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            for descriptor in (method.input_type, method.output_type):
                if descriptor.file == oracle.DESCRIPTOR:
                    found[descriptor.name] = descriptor
    return found


def result(name, function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        print("not ok %s: %s" % (name, str(error)[:1000]))
        return False
    print("ok " + name)
    return True


def nothing_else(written, found):
    must(set(written) == set(found), "messages", sorted(found),
         sorted(written))


def main():
    random.seed(1)
    tool = Tool(sys.argv[1])
    written = tool.written()
    found = messages()
    done = [result("no_other_messages", nothing_else, written, found)]
    for name, descriptor in found.items():
        done.append(result(name, check, tool, written, descriptor))
    for name in ("AddSwapRequest", "MemHotplugByProbeRequest"):
        done.append(result(name + "_unpacked", check_unpacked, tool, written,
                           found[name]))
    return 0 if all(done) else 1


sys.exit(main())
