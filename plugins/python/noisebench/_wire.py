"""The messages of the contract, from the description in contract.binpb, and the memory that they travel through."""

from __future__ import annotations

import array
import ctypes
import mmap
import os
import platform
import socket
import sys
import threading
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def _messages() -> Dict[str, Any]:
    described = descriptor_pb2.FileDescriptorSet()
    with open(os.path.join(os.path.dirname(__file__), "contract.binpb"), "rb") as f:
        described.ParseFromString(f.read())
    pool = descriptor_pool.DescriptorPool()
    for file in described.file:
        pool.Add(file)
    if hasattr(message_factory, "GetMessageClass"):
        new = message_factory.GetMessageClass
    else:  # protobuf before 4.22
        new = message_factory.MessageFactory(pool).GetPrototype
    file = described.file[0]
    return {m.name: new(pool.FindMessageTypeByName(file.package + "." + m.name)) for m in file.message_type}


messages = _messages()
Call, Reply, Error = messages["Call"], messages["Reply"], messages["Error"]

SLOT = 64 << 10
CALL_SLOT = 4096
REPLY_SLOT = CALL_SLOT + SLOT
MAILBOX = REPLY_SLOT + SLOT
PIECE = 60 << 10  # bytes of a state in one message
CHUNK = 1 << 20  # bytes of a vector in one message, at most

# The doorbell is two plain stores, or loads, in the right order, which every x86 keeps; other processors would need barriers that
# Python does not have. They go on a stream.
HAS_DOORBELL = sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")
_FUTEX = 202  # on x86-64
_YIELDS = 60  # how often a waiting side yields its processor before it sleeps

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]


class _Inbox:
    """The socket on which the host sends the descriptors of its regions: clause 6 of the contract."""

    def __init__(self) -> None:
        number = os.environ.pop("NOISEBENCH_DESCRIPTORS", "")
        self.socket = socket.socket(fileno=int(number)) if number and sys.platform == "linux" else None
        if self.socket is not None:
            self.socket.settimeout(10)  # what is taken has been sent before
            self.socket.set_inheritable(False)
        self.waiting: Dict[int, List[int]] = {}  # received, but not taken yet, by region
        self.lock = threading.Lock()

    def take(self, region: int) -> int:
        """A descriptor of a region, which the caller closes."""
        with self.lock:
            if self.socket is None:
                raise OSError("the host sends no descriptors of memory")
            while not self.waiting.get(region):
                name, controls, _, _ = self.socket.recvmsg(8, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
                if len(name) != 8:
                    raise OSError("the host has closed the socket for descriptors")
                if not controls:  # it did not fit
                    raise OSError("this process has as many files open as it may (ulimit -n)")
                for _, _, data in controls:
                    self.waiting.setdefault(int.from_bytes(name, "little"), []).extend(array.array("i", data))
            first = self.waiting[region].pop(0)
            if not self.waiting[region]:
                del self.waiting[region]
            return first


_inbox = _Inbox()


def map_region(region: Any) -> mmap.mmap:
    """Maps a region of the host, whose descriptor it has sent."""
    fd = _inbox.take(region.id)
    try:
        if os.fstat(fd).st_size < region.size:
            raise ValueError(f"a region has {os.fstat(fd).st_size} bytes, want {region.size}")
        return mmap.mmap(fd, region.size)
    finally:
        os.close(fd)


class Mailbox:
    """The plugin's side of calls by doorbell: clause 8 of the contract."""

    def __init__(self, region: Any) -> None:
        if region.size < MAILBOX:
            raise ValueError(f"the mailbox has {region.size} bytes, want {MAILBOX}")
        self.memory = map_region(region)
        self.bytes = memoryview(self.memory)
        self.words = self.bytes[:128].cast("I")
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.call, self.reply = base, base + 64

    def serve(self, answer: Callable[[Any], Tuple[Any, bool]]) -> None:
        """Answers calls until answer says that one was the last."""
        words, number, last = self.words, 0, False
        call = Call()
        while not last:
            if not self.wait(number):
                raise RuntimeError(f"the host rang with number {words[0]}, want {number + 1}")
            number = (number + 1) & 0xFFFFFFFF
            call.ParseFromString(self.bytes[CALL_SLOT:CALL_SLOT + words[2]])
            reply, last = answer(call)
            data = reply.SerializeToString()
            if len(data) > SLOT:
                data = Reply(error=Error(text=f"a message has {len(data)} bytes, want at most {SLOT}")).SerializeToString()
            self.bytes[REPLY_SLOT:REPLY_SLOT + len(data)] = data
            words[18] = len(data)
            words[16] = number
            # The host may just be falling asleep, which a look at its word could miss: waking nobody costs a microsecond.
            _syscall(_FUTEX, self.reply, 1, 1, None, None, 0)

    def wait(self, number: int) -> bool:
        """Waits for the next call, and reports whether it is the one after number."""
        words, wanted = self.words, (number + 1) & 0xFFFFFFFF
        for _ in range(_YIELDS):
            if words[0] != number:
                return words[0] == wanted
            os.sched_yield()
        while words[0] == number:
            words[1] = 1
            _syscall(_FUTEX, self.call, 0, number, None, None, 0)  # looks at the number once more before it sleeps
        words[1] = 0
        return words[0] == wanted


class Chunks:
    """The vectors of a session's calls that travel in chunks: clause 5 of the contract."""

    def __init__(self) -> None:
        self.messages: Iterator[Any] = iter(())  # of the host
        self.left = 0  # bytes of the call's chunks that have not come
        self.outgoing: List[numpy.ndarray] = []  # vectors that follow the reply

    def begin(self, call: Any) -> None:
        """A call has come."""
        kind = call.WhichOneof("call")
        vectors = {"measure": ("x", "examples"), "evaluate": ("x",), "step": ("x", "gradient", "variance"), "estimate": ("x",)}
        self.left = sum(getattr(getattr(call, kind), v).chunked for v in vectors.get(kind, ()))
        if kind == "step":
            self.left += sum(v.chunked for v in call.step.more)
        self.outgoing = []

    def receive(self, into: numpy.ndarray) -> None:
        """Fills an array with the chunks that come next."""
        room, at = into.view(numpy.uint8), 0
        while at < len(room):
            data = self.next(len(room) - at)
            room[at:at + len(data)] = numpy.frombuffer(data, numpy.uint8)
            at += len(data)

    def next(self, most: int) -> bytes:
        data = next(self.messages).chunk.data
        if not 0 < len(data) <= min(most, CHUNK):
            raise RuntimeError(f"a chunk of {len(data)} bytes came, want 1 to {min(most, CHUNK)}")
        self.left -= len(data)
        return data

    def replies(self) -> Iterator[Any]:
        """The chunks that follow a reply."""
        for v in self.outgoing:
            room = v.view(numpy.uint8)
            for at in range(0, len(room), CHUNK):
                reply = Reply()
                reply.chunk.data = room[at:at + CHUNK].tobytes()
                yield reply
        self.outgoing = []


class Memory:
    """The regions that a session has mentioned, and arrays on them."""

    def __init__(self) -> None:
        self.regions: Dict[int, mmap.mmap] = {}
        self.views: Dict[Tuple[int, int, int, Any], numpy.ndarray] = {}

    def mention(self, regions: Any) -> None:
        for r in regions:
            if r.id not in self.regions:
                self.regions[r.id] = map_region(r)

    def view(self, v: Any, dtype: Any) -> numpy.ndarray:
        """The vector v where it lies, in memory or inside the message; the latter is read-only."""
        if not v.region:
            return numpy.frombuffer(v.inline, dtype)
        key = (v.region, v.offset, v.size, dtype)
        known = self.views.get(key)
        if known is None:
            memory = self.regions.get(v.region)
            size = len(memory) if memory is not None else 0
            if memory is None or v.offset % 8 or v.size > size or v.offset > size - v.size:
                raise ValueError(f"a vector lies at [{v.offset}, +{v.size}) of a region of {size} bytes, want it inside and aligned")
            known = numpy.frombuffer(memory, dtype, count=v.size // numpy.dtype(dtype).itemsize, offset=v.offset)
            if len(self.views) > 256:
                self.views.clear()
            self.views[key] = known
        return known
