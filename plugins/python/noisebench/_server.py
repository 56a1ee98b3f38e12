"""A plugin's process: handshake, services, sessions."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from concurrent import futures
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy

from . import _identity
from ._wire import HAS_DOORBELL, PIECE, Call, Chunks, Error, Mailbox, Memory, Reply, map_region, messages
from .contract import (GRADIENT, MATRICES, MORE, VARIANCE, Block, Hyperparameter, Measurement, Optimizer, OptimizerDef, Problem,
                       ProblemDef, Request, Spec, Start)

COOKIE = ("NOISEBENCH_PLUGIN", "ask-and-tell")
VERSION = 2  # of the contract
CAPABILITY_CHUNKS = 3
_DTYPES = {1: "float32", 2: "float64"}
_NUMBERS = {name: number for number, name in _DTYPES.items()}
_MOST_TEXT = 16 << 10

# What every thread that runs an author's code does first.
on_thread: List[Callable[[], None]] = []

_handshake: Optional[int] = None  # the file descriptor of what was standard output


def hosted() -> bool:
    """Whether noisebench started this process."""
    return os.environ.get(COOKIE[0]) == COOKIE[1]


def take_stdout() -> None:
    """Keeps standard output for the handshake. What is printed from now on goes to standard error, which the host logs."""
    global _handshake
    if _handshake is None:
        sys.stdout.flush()
        _handshake = os.dup(1)
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)


def serve(*definitions: Union[OptimizerDef, ProblemDef]) -> None:
    """Serves definitions to the noisebench that started this program, and does not return. To a person who starts the program it
    says what it is and exits."""
    optimizers = [d for d in definitions if isinstance(d, OptimizerDef)]
    problems = [d for d in definitions if isinstance(d, ProblemDef)]
    for d in definitions:
        if not isinstance(d, (OptimizerDef, ProblemDef)):
            raise TypeError(f"serve takes what noisebench.torch, optax, function and problem return, not {d!r}")
    if not definitions:
        raise ValueError("there is nothing to serve; give at least one optimizer or problem")
    if not hosted():
        print(f"{os.path.basename(sys.argv[0])} is a noisebench plugin; bench runs it. It serves:", file=sys.stderr)
        for d in definitions:
            print(f"  {'optimizer' if isinstance(d, OptimizerDef) else 'problem'} {d.name}", file=sys.stderr)
        print(f"To check it:\n  bench check {sys.argv[0]}", file=sys.stderr)
        sys.exit(1)
    _Server(optimizers, problems).run()


def describe_error(e: BaseException) -> Any:
    """An exception as it travels: what it says, and the places of its traceback, innermost first. All of it goes to standard
    error."""
    traceback.print_exception(type(e), e, e.__traceback__)
    sys.stderr.flush()
    text = "".join(traceback.format_exception_only(type(e), e)).strip()
    if isinstance(e, SyntaxError):
        text = f"{type(e).__name__}: {e}"
    here = os.path.dirname(os.path.abspath(__file__))
    places = [f"{os.path.basename(f.filename)}:{f.lineno} in {f.name}" for f in reversed(traceback.extract_tb(e.__traceback__))
              if os.path.dirname(os.path.abspath(f.filename)) != here or not os.path.basename(f.filename).startswith("_")]
    if places:
        text += ", at " + " < ".join(places[:8])
    reported = isinstance(e, (ValueError, NotImplementedError, OSError))
    return Error(text=text.encode()[:_MOST_TEXT].decode(errors="ignore"), unsupported=isinstance(e, NotImplementedError),
                 panic=not reported)


class _Server:
    def __init__(self, optimizers: Sequence[OptimizerDef], problems: Sequence[ProblemDef]) -> None:
        self.optimizers = {d.name: d for d in optimizers}
        self.problems = {d.name: d for d in problems}
        self.specs: Dict[Any, Spec] = {}
        self.sessions: Dict[int, _Session] = {}
        self.last = 0
        self.lock = threading.Lock()

    def run(self) -> None:
        import grpc

        take_stdout()
        threading.Thread(target=_exit_with_parent, daemon=True).start()
        pool = futures.ThreadPoolExecutor(64, initializer=prepare_thread)
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
        server = grpc.server(pool, options=unlimited)

        def unary(request: str, do: Callable[[Any], Any]) -> Any:
            return grpc.unary_unary_rpc_method_handler(
                lambda r, _: do(r), request_deserializer=messages[request].FromString,
                response_serializer=lambda m: m.SerializeToString())

        def raw(do: Callable[[], bytes]) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda r, _: do(), request_deserializer=bytes, response_serializer=bytes)

        server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("noisebench.v1.Plugin", {
                "Describe": unary("DescribeRequest", self.describe),
                "Spec": unary("SpecRequest", self.answer_spec),
                "Open": unary("OpenRequest", self.open),
                "Session": grpc.stream_stream_rpc_method_handler(
                    self.stream, request_deserializer=Call.FromString, response_serializer=lambda m: m.SerializeToString()),
            }),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": raw(lambda: b"\x08\x01")}),  # SERVING
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": raw(_shut_down)}),
        ))
        folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or "/tmp"
        address = os.path.join(folder, f"p{os.getpid()}")
        if server.add_insecure_port("unix:" + address) == 0:
            raise OSError(f"cannot listen at {address}")
        server.start()
        assert _handshake is not None
        os.write(_handshake, f"1|{VERSION}|unix|{address}|grpc|\n".encode())
        os.close(_handshake)
        while True:  # the host ends this process
            time.sleep(3600)

    def describe(self, request: Any) -> Any:
        reply = messages["DescribeReply"](sessions=1, capabilities=[CAPABILITY_CHUNKS])
        identity = _identity.digest()
        for d in self.optimizers.values():
            reply.optimizers.add(
                name=d.name, version=d.version, doc=d.doc, source=d.source,
                hyperparameters=[_hyperparameter(h) for h in d.hyperparameters], needs=d.needs,
                chooses_batch_size=d.chooses_batch_size, averages=d.averages, reports=d.reports,
                dtypes=[_NUMBERS[t] for t in d.dtypes], trials=d.trials, saves=d.saves, full_batch=d.full_batch, digest=identity,
                environment=_identity.environment(dict(d.environment)))
        for p in self.problems.values():
            reply.problems.add(
                name=p.name, version=p.version, doc=p.doc, source=p.source, parameters=[_hyperparameter(h) for h in p.parameters],
                dtypes=[_NUMBERS[t] for t in p.dtypes], digest=identity, environment=_identity.environment(dict(p.environment)))
        if request.HasField("probe"):
            try:
                probe = map_region(request.probe)
            except (OSError, ValueError):
                return reply
            if probe[:len(request.probe_content)] == request.probe_content:
                reply.capabilities.append(1)
                if HAS_DOORBELL:
                    reply.capabilities.append(2)
        return reply

    def spec(self, name: str, setting: Dict[str, float]) -> Spec:
        key = (name, tuple(sorted(setting.items())))
        if key not in self.specs:
            if name not in self.problems:
                raise ValueError(f"this plugin has no problem {name!r}")
            self.specs[key] = self.problems[name].spec(setting)
        return self.specs[key]

    def answer_spec(self, request: Any) -> Any:
        try:
            s = self.spec(request.problem, dict(request.setting))
            spec = messages["Spec"](
                dim=s.dim, dtype=_NUMBERS[s.dtype], train=s.train, validation=s.validation, test=s.test, measures=s.measures,
                metric=s.metric, higher_better=s.higher_better, batch_size=s.batch_size, budget=s.budget, constants=dict(s.constants))
            for at, factor in s.schedule:
                spec.schedule.add(at=at, factor=factor)
            for b in s.blocks:
                spec.blocks.add(name=b.name, offset=b.offset, len=b.len, shape=b.shape, output=b.output, role=b.role)
            for name, sha256 in s.data:
                spec.data.add(name=name, sha256=sha256)
            return messages["SpecReply"](spec=spec)
        except BaseException as e:
            return messages["SpecReply"](error=describe_error(e))

    def open(self, r: Any) -> Any:
        try:
            session, reply = self.open_session(r)
        except BaseException as e:
            return messages["OpenReply"](error=describe_error(e))
        with self.lock:
            self.last += 1
            reply.session = self.last
            if r.HasField("mailbox"):
                threading.Thread(target=session.serve, daemon=True).start()
            else:
                self.sessions[self.last] = session
        return reply

    def open_session(self, r: Any) -> Tuple["_Session", Any]:
        dtype, setting = _DTYPES.get(r.dtype, ""), dict(r.setting)
        mailbox = Mailbox(r.mailbox) if r.HasField("mailbox") else None
        if r.HasField("optimizer"):
            s = r.optimizer
            d = self.optimizers.get(s.name)
            if d is None:
                raise ValueError(f"this plugin has no optimizer {s.name!r}")
            if dtype not in d.dtypes:
                raise NotImplementedError(f"optimizer {d.name} does not offer {dtype!r}")
            blocks = [Block(b.name, b.offset, b.len, tuple(b.shape), b.output, b.role) for b in s.blocks]
            optimizer = d.open(Start(setting, s.dim, dtype, blocks, s.batch_size, s.train, s.budget, s.seed, dict(s.constants)))
            reply = messages["OpenReply"](dim=s.dim, request=_request(optimizer.first))
            return _OptimizerSession(mailbox, dtype, s.dim, d, optimizer), reply
        spec = self.spec(r.problem, setting)
        if dtype != spec.dtype:
            raise ValueError(f"problem {r.problem} was opened as {dtype!r}, its spec says {spec.dtype}")
        problem = self.problems[r.problem].open(setting)
        return _ProblemSession(mailbox, dtype, spec.dim, problem), messages["OpenReply"](dim=spec.dim)

    def stream(self, calls: Any, context: Any) -> Any:
        session = None
        try:
            for call in calls:
                if session is None:
                    with self.lock:
                        session = self.sessions.pop(call.session, None)
                    if session is None:
                        import grpc
                        context.abort(grpc.StatusCode.NOT_FOUND, f"session {call.session} is not open, or has a stream already")
                    session.chunks.messages = calls
                session.chunks.begin(call)
                reply, last = session.answer(call)
                while session.chunks.left > 0:  # of a call that was answered by an error
                    session.chunks.next(session.chunks.left)
                yield reply
                if not reply.HasField("error"):
                    yield from session.chunks.replies()
                if last:
                    return
        finally:
            if session is not None:
                session.end()


def prepare_thread() -> None:
    for do in on_thread:
        do()


def _exit_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _shut_down() -> bytes:
    def end() -> None:
        time.sleep(0.01)  # for the answer to leave
        sys.stderr.flush()
        os._exit(0)
    threading.Thread(target=end, daemon=True).start()
    return b""


def _hyperparameter(h: Hyperparameter) -> Any:
    return messages["Hyperparameter"](
        name=h.name, doc=h.doc or h.name.replace("_", " "), default=h.default, min=h.min, max=h.max, min_open=h.min_open,
        max_open=h.max_open, integer=h.integer, tuned=h.tuned, grid=h.grid, log=h.log)


def _request(r: Optional[Request]) -> Any:
    if r is None:
        r = Request()
    if not isinstance(r, Request):
        raise TypeError(f"step returned {r!r}, want a Request, or None")
    return messages["Request"](batch_size=r.batch_size, draw=r.draw, want=r.want, trial=r.trial)


def _bytes(v: Any) -> int:
    return v.size if v.region else v.chunked or len(v.inline)


def elements(quantity: int, dim: int) -> int:
    """The number of elements of a vector that holds one quantity."""
    return dim * dim if quantity & MATRICES else dim


class _Session:
    """One open run."""

    def __init__(self, mailbox: Optional[Mailbox], dtype: str, dim: int, opened: Any) -> None:
        self.mailbox, self.dim, self.opened = mailbox, dim, opened
        self.dtype = numpy.dtype("<f4" if dtype == "float32" else "<f8")
        self.memory = Memory()
        self.chunks = Chunks()
        self.ended = False

    def serve(self) -> None:
        prepare_thread()
        try:
            assert self.mailbox is not None
            self.mailbox.serve(self.answer)
        except Exception:
            traceback.print_exc()
        finally:
            self.end()

    def answer(self, call: Any) -> Tuple[Any, bool]:
        """The reply to a call, and whether it was the last."""
        kind = call.WhichOneof("call")
        try:
            if call.regions:
                self.memory.mention(call.regions)
            if kind == "close":
                reply = Reply()
                reply.close.SetInParent()
                self.close()
                return reply, True
            return getattr(self, kind)(getattr(call, kind)), False
        except BaseException as e:  # sys.exit in an author's code, too, which would end this thread alone and leave the host waiting
            return Reply(error=describe_error(e)), kind == "close"

    def close(self) -> None:
        self.ended = True
        self.opened.close()

    def end(self) -> None:
        if not self.ended:
            try:
                self.close()
            except BaseException:
                traceback.print_exc()

    def read(self, v: Any, n: int) -> numpy.ndarray:
        return self.take(v, n, self.dtype)

    def take(self, v: Any, n: int, dtype: Any, room: Optional[numpy.ndarray] = None) -> numpy.ndarray:
        """The n elements of a vector of the call. The vectors of a call are read in the order of its fields. What comes in chunks
        goes to room, or else to a new array, which is read-only."""
        if v.chunked:
            if v.chunked != n * dtype.itemsize:
                raise ValueError(f"a vector has {v.chunked} bytes, want {n * dtype.itemsize}")
            a = numpy.empty(n, dtype) if room is None else room
            self.chunks.receive(a)
            a.flags.writeable = room is not None
            return a
        a = self.memory.view(v, dtype)
        if len(a) != n:
            raise ValueError(f"a vector has {len(a)} elements, want {n}")
        return a

    def written(self, v: Any, n: int) -> numpy.ndarray:
        """Where to write a vector."""
        return self.read(v, n) if v.region else numpy.zeros(n, self.dtype)

    def back(self, a: numpy.ndarray, v: Any) -> bytes:
        """What a reply has of a vector that was written: all of it, unless it lies in memory or follows in chunks. The vectors of
        a call go back in the order of its fields."""
        if v.chunked:
            self.chunks.outgoing.append(a)
        return b"" if v.region or v.chunked else a.tobytes()

    def vectors(self, call: Any, q: int, of: Callable[[Any, int], Any]) -> Dict[str, Any]:
        """The vectors of a measurement of the quantities q, by name."""
        found = {}
        if q & GRADIENT:
            found["gradient"] = of(call.gradient, self.dim)
        if q & VARIANCE:
            found["variance"] = of(call.variance, self.dim)
        if q & ~7:
            rest = iter(call.more)
            for quantity, name in MORE:
                if q & quantity:
                    found[name] = of(next(rest), elements(quantity, self.dim))
        return found


class _OptimizerSession(_Session):
    def __init__(self, mailbox: Optional[Mailbox], dtype: str, dim: int, d: OptimizerDef, o: Optimizer) -> None:
        super().__init__(mailbox, dtype, dim, o)
        self.optimizer, self.definition = o, d
        self.state = b""  # of which the host is fetching the pieces
        self.pieces: List[bytes] = []
        self.inline: Optional[numpy.ndarray] = None  # x, where it travels inside messages

    def point(self, v: Any) -> numpy.ndarray:
        if v.region:
            return self.read(v, self.dim)
        if self.inline is None:
            self.inline = numpy.empty(self.dim, self.dtype)
        x = self.take(v, self.dim, self.dtype, self.inline)
        if x is not self.inline:
            self.inline[:] = x
        return self.inline

    def step(self, c: Any) -> Any:
        x = self.point(c.x)
        have = c.have
        if have == GRADIENT:  # nearly always
            gradient, variance, more = self.read(c.gradient, self.dim), None, {}
        else:
            more = self.vectors(c, have, self.read)
            gradient, variance = more.pop("gradient", None), more.pop("variance", None)
        m = Measurement(have, c.batch_size, c.loss, c.variance_norm, c.step, c.seen, c.step_scale, gradient, variance, more)
        began = time.perf_counter()
        request = self.optimizer.step(x, m)
        reply = Reply()
        out = reply.step
        out.seconds = time.perf_counter() - began
        if request is None:
            out.request.SetInParent()
        else:
            out.request.CopyFrom(_request(request))
        if self.definition.reports:
            out.reports.extend(self.optimizer.reports())
        if not c.x.region:
            out.x = self.back(x, c.x)
        return reply

    def estimate(self, c: Any) -> Any:
        x = self.read(c.x, self.dim)
        out = self.written(c.out, self.dim)
        self.optimizer.estimate(x, out)
        reply = Reply()
        reply.estimate.out = self.back(out, c.out)
        return reply

    def save(self, c: Any) -> Any:
        if c.offset == 0:
            self.state = self.optimizer.save()
        size = len(self.state)
        if c.offset > size:
            raise ValueError(f"the state was asked for from byte {c.offset} on and has {size}")
        reply = Reply()
        reply.save.piece, reply.save.size = self.state[c.offset:c.offset + PIECE], size
        if c.offset + PIECE >= size:
            self.state = b""
        return reply

    def restore(self, c: Any) -> Any:
        self.pieces.append(c.piece)
        have = sum(map(len, self.pieces))
        if have > c.size or (not c.piece and c.size):
            raise ValueError(f"pieces of a state of {c.size} bytes have {have} together, the last {len(c.piece)}")
        if have == c.size:
            state, self.pieces = b"".join(self.pieces), []
            self.optimizer.restore(state)
        reply = Reply()
        reply.restore.SetInParent()
        return reply


class _ProblemSession(_Session):
    def __init__(self, mailbox: Optional[Mailbox], dtype: str, dim: int, problem: Problem) -> None:
        super().__init__(mailbox, dtype, dim, problem)
        self.problem = problem

    def init(self, c: Any) -> Any:
        x = self.written(c.x, self.dim)
        self.problem.init(x, c.seed)
        reply = Reply()
        reply.init.x = self.back(x, c.x)
        return reply

    def measure(self, c: Any) -> Any:
        x = self.read(c.x, self.dim)
        integers = numpy.dtype("<i8")
        examples = self.take(c.examples, _bytes(c.examples) // integers.itemsize, integers)
        vectors, handed = self.vectors(c, c.want, self.written), self.vectors(c, c.want, lambda v, n: v)
        gradient, variance = vectors.pop("gradient", None), vectors.pop("variance", None)
        m = Measurement(c.want, len(examples), 0.0, 0.0, 0, 0, 1.0, gradient, variance, vectors)
        began = time.perf_counter()
        self.problem.measure(x, examples, c.seed, c.position, c.want, m)
        reply = Reply()
        out = reply.measure
        out.seconds = time.perf_counter() - began
        out.have, out.batch_size, out.loss, out.variance_norm = m.have, len(examples), m.loss, m.variance_norm
        if "gradient" in handed:
            out.gradient = self.back(gradient, handed["gradient"])
        if "variance" in handed:
            out.variance = self.back(variance, handed["variance"])
        out.more.extend(self.back(a, handed[name]) for name, a in vectors.items())
        return reply

    def evaluate(self, c: Any) -> Any:
        x = self.read(c.x, self.dim)
        loss, metric = self.problem.evaluate(x, c.part)
        reply = Reply()
        reply.evaluate.loss, reply.evaluate.metric = loss, metric
        return reply
