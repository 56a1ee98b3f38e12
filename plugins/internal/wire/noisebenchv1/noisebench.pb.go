// The wire contract between noisebench's host (the command bench) and a plugin, for authors in any
// language. Go authors need none of it: they call plugins.Serve. What the numbers mean (rules R1 to
// R9, units, ranges) is documented in the Go package protocol; this file describes how they are
// exchanged.
//
// 1. A PLUGIN is an executable that serves optimizers or problems. The host starts it, without
//    arguments unless some were given, in a process group of its own, with standard input at end of
//    file, in the working directory of the host, and with an environment of few variables: those
//    for paths (PATH, HOME, USER, TMPDIR, XDG_*, LD_LIBRARY_PATH, PYTHONPATH, VIRTUAL_ENV,
//    TORCH_HOME, HF_HOME), the locale, NOISEBENCH_*, CUDA_*, CUBLAS_WORKSPACE_CONFIG, NVIDIA_*,
//    SLURM_*, JAX_*, XLA_*, *_NUM_THREADS, and what step 2 names. One process serves many runs, one
//    after another, and several at a time unless it declares otherwise (DescribeReply.sessions).
//    NOISEBENCH_THREADS, if set, is how many threads each of them should keep busy: it changes how
//    fast a run is, and none of its bits (R2). NOISEBENCH_DEVICE, if set, is the accelerator that
//    this process should use, as an index: the host starts one process for each run at a time, and
//    assigns the devices in turn.
//    On Linux its parent is a small process, the supervisor, which kills the plugin and all that it
//    started when the host or the plugin has ended, or when they use more memory together than the
//    host allows; and it has a minute for the handshake, unless the host is configured otherwise.
//
// 2. HANDSHAKE (that of github.com/hashicorp/go-plugin). The host sets
//      NOISEBENCH_PLUGIN=ask-and-tell   the cookie: without it, a person started the plugin; explain that and exit with 1
//      PLUGIN_PROTOCOL_VERSIONS=2       the versions of this contract that the host speaks, separated by commas
//      PLUGIN_UNIX_SOCKET_DIR=DIR       a private folder
//    The plugin makes a Unix socket in DIR, listens, and prints one line to standard output,
//    flushed:
//      1|2|unix|DIR/SOCKET|grpc|
//    that is: go-plugin's core version (1), the newest contract version that both speak (else the
//    plugin's own, which the host reports with what to do), "unix" (or "tcp" with HOST:PORT), the
//    address, "grpc", and an empty field. Nothing may come before that line on standard output;
//    what comes after it is logged. Standard error is logged too, line by line; a line that is a
//    JSON object with "@level", "@message" and "@timestamp" keeps its level. There is no TLS.
//
// 3. SERVICES on the socket: noisebench.v1.Plugin below; grpc.health.v1.Health, whose Check answers
//    SERVING for the service name "plugin"; and plugin.GRPCController, whose Shutdown(Empty)
//    returns (Empty) ends the process at once. plugin.GRPCBroker and plugin.GRPCStdio are optional.
//    Without chunks (5) messages carry whole vectors: lift gRPC's limit of 4 MiB on what is received
//    ("grpc.max_receive_message_length" = -1). A plugin ends by itself when its parent process
//    changes.
//
// 4. ORDER OF CALLS. Describe comes first and once. Then, for each run, Open, and Calls one at a
//    time, each answered by one Reply, the last of them Close. Calls of different runs come at the
//    same time.
//
//    An optimizer is called in the order of its run: Estimate (if it averages) may come before the
//    first Step, at the starting point, and any number of times between two steps; Save and Restore
//    say below when they come. A problem's calls depend on nothing but themselves: Init, Measure
//    and Evaluate may come in any order and number, before or without each other, and what one of
//    them computes must not be seen in another.
//
// 5. VECTORS are little-endian IEEE 754 numbers of the session's dtype without header; NaN and
//    infinities are ordinary values. A vector lies inside the message (Vector.inline), in shared
//    memory (Vector.region), or, on a stream, follows in chunks (Vector.chunked; optional;
//    Capability CAPABILITY_CHUNKS). Chunks are messages of their own, with the bytes of one vector
//    in order, each of 1 to 1048576 bytes. Those of vectors that are read come right after the
//    Call, those of vectors that are written right after the Reply, vector by vector in the order
//    of the fields of Measure, Evaluate, Step and so on. All chunks of a call come before its
//    reply; after a reply with an Error come none. So neither side needs more memory for a vector
//    than the vector itself.
//
// 6. SHARED MEMORY (optional; Capability CAPABILITY_MEMORY). The host's regions are anonymous files
//    of fixed size, which have no names: their descriptors are sent to the plugin on a Unix socket
//    of type SOCK_SEQPACKET, which the plugin inherits as the descriptor NOISEBENCH_DESCRIPTORS.
//    Each message with a Region (Describe, Open, or the first Call of a session that mentions the
//    region) is preceded by a packet on that socket: the region's id in 8 bytes, little-endian, with
//    one descriptor (SCM_RIGHTS). Packets of other sessions may lie between the two, so what was not
//    asked for yet has to be kept, by its id. The plugin maps Region.size bytes of the file for
//    reading and writing, shared, and closes the descriptor at once. It keeps the mapping until the
//    session closes; a region that several sessions mention has the same id in all of them, and one
//    packet for each. Offsets are multiples of 8. A plugin proves that it can map memory in its
//    answer to Describe.
//
// 7. CALLS ON A STREAM. Without a mailbox in OpenRequest, the host opens one stream Plugin.Session
//    for the run, whose first Call names the session. When the stream ends, the session is closed.
//
// 8. CALLS BY DOORBELL (optional; Linux; Capability CAPABILITY_DOORBELL, which implies memory).
//    OpenRequest.mailbox is a Region of 135168 bytes, zero at first, that carries the same
//    messages:
//      offset      0  uint32  call number: the host adds 1 to ring
//      offset      4  uint32  1 while the plugin sleeps on the call number
//      offset      8  uint32  length of the call in bytes
//      offset     64  uint32  reply number: the plugin sets it to the call number to answer
//      offset     68  uint32  1 while the host sleeps on the reply number
//      offset     72  uint32  length of the reply in bytes
//      offset   4096  65536 bytes: the Call, serialized
//      offset  69632  65536 bytes: the Reply, serialized
//    All words are native-endian, accessed with atomic loads and stores of sequential consistency.
//    To send: write the message and its length, store the number, and if the peer's sleep word is
//    1, FUTEX_WAKE one waiter on the number. To wait: store 1 in the own sleep word, read the
//    number once more, and FUTEX_WAIT (not FUTEX_PRIVATE_FLAG) for the number to change; then store
//    0. A side may poll the number for some microseconds before that, at most 20, as long as
//    polling pays off; if it yields its processor in between, it must notice when that takes long,
//    since on a busy machine it takes milliseconds, and stop doing so. A plugin that sleeps at once
//    is correct, and good enough unless its calls take less than some tens of microseconds. Calls
//    and replies always fit, since vectors and long lists of examples lie in shared memory and
//    states travel in pieces; error texts are cut to 16 KiB.
//
// 9. IDENTITY. Runs are stored and found by what made them (R10): per definition, the digest and
//    environment of Describe, or without a digest the SHA-256 of the executable, and a fingerprint
//    that the host measures before the first run: starting points, some small batches and
//    evaluations of a problem at the plan's parameters, some hundred steps of an optimizer on
//    synthetic measurements at several settings. A script should declare a digest: its own bytes do
//    not cover what it imports.
//
// 10. ERRORS. Errors of a plugin's own code are returned in Error. A gRPC status other than OK, an
//    answer that breaks this contract, silence for longer than the host's limit, and the end of the
//    process are faults of the plugin. The run is then failed, and a plugin that is silent is
//    killed with all that it started. Numbers and texts beyond limits that no sensible plugin
//    reaches are faults, too: answers to Describe, Spec and Open have at most 16 MiB, names 256
//    bytes, other texts 64 KiB; parts and budgets have at most 2^48 examples, points 2^31 - 1
//    elements, and batches 2^24 examples. Limits of time and room: a minute from the start to the
//    handshake, another to answer Describe, and --call-timeout (2 minutes unless the user says
//    otherwise) for each other call; 65536 bytes for a call or a reply by doorbell; 256 reports;
//    61440 bytes for a piece of a state, 2^40 for all of it.
//
// 11. CHANGES. Fields are only added, and an addition is announced by a Capability. Whatever an old
//    peer would misunderstand raises protocol.Version, and with it the version in the handshake. A
//    field that an old peer may leave out or ignore without harm needs neither
//    (DescribeReply.sessions, seconds).
//    Version 2: blocks have shape, output axis and role; the sampled gradient; Save and Restore,
//    with Optimizer.saves; digest and environment. A plugin of version 1 that has none of it need
//    only speak version 2 in the handshake.

// Code generated by protoc-gen-go. DO NOT EDIT.
// versions:
// 	protoc-gen-go v1.36.12
// 	protoc        v3.21.12
// source: noisebench/v1/noisebench.proto

package noisebenchv1

import (
	protoreflect "google.golang.org/protobuf/reflect/protoreflect"
	protoimpl "google.golang.org/protobuf/runtime/protoimpl"
	reflect "reflect"
	sync "sync"
	unsafe "unsafe"
)

const (
	// Verify that this generated code is sufficiently up-to-date.
	_ = protoimpl.EnforceVersion(20 - protoimpl.MinVersion)
	// Verify that runtime/protoimpl is sufficiently up-to-date.
	_ = protoimpl.EnforceVersion(protoimpl.MaxVersion - 20)
)

type DType int32

const (
	DType_DTYPE_UNSPECIFIED DType = 0
	DType_DTYPE_FLOAT32     DType = 1
	DType_DTYPE_FLOAT64     DType = 2
)

// Enum value maps for DType.
var (
	DType_name = map[int32]string{
		0: "DTYPE_UNSPECIFIED",
		1: "DTYPE_FLOAT32",
		2: "DTYPE_FLOAT64",
	}
	DType_value = map[string]int32{
		"DTYPE_UNSPECIFIED": 0,
		"DTYPE_FLOAT32":     1,
		"DTYPE_FLOAT64":     2,
	}
)

func (x DType) Enum() *DType {
	p := new(DType)
	*p = x
	return p
}

func (x DType) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (DType) Descriptor() protoreflect.EnumDescriptor {
	return file_noisebench_v1_noisebench_proto_enumTypes[0].Descriptor()
}

func (DType) Type() protoreflect.EnumType {
	return &file_noisebench_v1_noisebench_proto_enumTypes[0]
}

func (x DType) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use DType.Descriptor instead.
func (DType) EnumDescriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{0}
}

type Capability int32

const (
	Capability_CAPABILITY_UNSPECIFIED Capability = 0
	Capability_CAPABILITY_MEMORY      Capability = 1 // maps shared memory (6)
	Capability_CAPABILITY_DOORBELL    Capability = 2 // answers by doorbell (8)
	Capability_CAPABILITY_CHUNKS      Capability = 3 // takes and gives vectors in chunks (5)
)

// Enum value maps for Capability.
var (
	Capability_name = map[int32]string{
		0: "CAPABILITY_UNSPECIFIED",
		1: "CAPABILITY_MEMORY",
		2: "CAPABILITY_DOORBELL",
		3: "CAPABILITY_CHUNKS",
	}
	Capability_value = map[string]int32{
		"CAPABILITY_UNSPECIFIED": 0,
		"CAPABILITY_MEMORY":      1,
		"CAPABILITY_DOORBELL":    2,
		"CAPABILITY_CHUNKS":      3,
	}
)

func (x Capability) Enum() *Capability {
	p := new(Capability)
	*p = x
	return p
}

func (x Capability) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Capability) Descriptor() protoreflect.EnumDescriptor {
	return file_noisebench_v1_noisebench_proto_enumTypes[1].Descriptor()
}

func (Capability) Type() protoreflect.EnumType {
	return &file_noisebench_v1_noisebench_proto_enumTypes[1]
}

func (x Capability) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Capability.Descriptor instead.
func (Capability) EnumDescriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{1}
}

// Error is what the plugin's own code reports, in one line if possible.
type Error struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Text          string                 `protobuf:"bytes,1,opt,name=text,proto3" json:"text,omitempty"`
	Unsupported   bool                   `protobuf:"varint,2,opt,name=unsupported,proto3" json:"unsupported,omitempty"` // the request is not supported (Go: errors.ErrUnsupported)
	Panic         bool                   `protobuf:"varint,3,opt,name=panic,proto3" json:"panic,omitempty"`             // the code panicked, raised an exception (details went to standard error), or made an invalid Spec
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Error) Reset() {
	*x = Error{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[0]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Error) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Error) ProtoMessage() {}

func (x *Error) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[0]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Error.ProtoReflect.Descriptor instead.
func (*Error) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{0}
}

func (x *Error) GetText() string {
	if x != nil {
		return x.Text
	}
	return ""
}

func (x *Error) GetUnsupported() bool {
	if x != nil {
		return x.Unsupported
	}
	return false
}

func (x *Error) GetPanic() bool {
	if x != nil {
		return x.Panic
	}
	return false
}

// Region is shared memory of the host.
type Region struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Id            uint64                 `protobuf:"varint,1,opt,name=id,proto3" json:"id,omitempty"`     // at least 1, never used twice by one host
	Size          uint64                 `protobuf:"varint,3,opt,name=size,proto3" json:"size,omitempty"` // in bytes, a multiple of the page size
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Region) Reset() {
	*x = Region{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[1]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Region) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Region) ProtoMessage() {}

func (x *Region) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[1]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Region.ProtoReflect.Descriptor instead.
func (*Region) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{1}
}

func (x *Region) GetId() uint64 {
	if x != nil {
		return x.Id
	}
	return 0
}

func (x *Region) GetSize() uint64 {
	if x != nil {
		return x.Size
	}
	return 0
}

type DescribeRequest struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// A region whose first bytes are probe_content. A plugin that maps it and reads these
	// bytes has the memory capability; one that does not (no Linux, another container, no means) has
	// not. Unset where the host has no memory.
	Probe         *Region `protobuf:"bytes,1,opt,name=probe,proto3" json:"probe,omitempty"`
	ProbeContent  []byte  `protobuf:"bytes,2,opt,name=probe_content,json=probeContent,proto3" json:"probe_content,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *DescribeRequest) Reset() {
	*x = DescribeRequest{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[2]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *DescribeRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*DescribeRequest) ProtoMessage() {}

func (x *DescribeRequest) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[2]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use DescribeRequest.ProtoReflect.Descriptor instead.
func (*DescribeRequest) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{2}
}

func (x *DescribeRequest) GetProbe() *Region {
	if x != nil {
		return x.Probe
	}
	return nil
}

func (x *DescribeRequest) GetProbeContent() []byte {
	if x != nil {
		return x.ProbeContent
	}
	return nil
}

type DescribeReply struct {
	state        protoimpl.MessageState `protogen:"open.v1"`
	Optimizers   []*Optimizer           `protobuf:"bytes,1,rep,name=optimizers,proto3" json:"optimizers,omitempty"`
	Problems     []*Problem             `protobuf:"bytes,2,rep,name=problems,proto3" json:"problems,omitempty"`
	Capabilities []Capability           `protobuf:"varint,3,rep,packed,name=capabilities,proto3,enum=noisebench.v1.Capability" json:"capabilities,omitempty"` // unknown ones are ignored
	// How many runs this process carries at the same time; 0: any number. The host starts more
	// processes for more runs (an interpreter with a global lock, or a process that has one device,
	// says 1). Other calls than those of runs may come too.
	Sessions      uint32 `protobuf:"varint,4,opt,name=sessions,proto3" json:"sessions,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *DescribeReply) Reset() {
	*x = DescribeReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[3]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *DescribeReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*DescribeReply) ProtoMessage() {}

func (x *DescribeReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[3]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use DescribeReply.ProtoReflect.Descriptor instead.
func (*DescribeReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{3}
}

func (x *DescribeReply) GetOptimizers() []*Optimizer {
	if x != nil {
		return x.Optimizers
	}
	return nil
}

func (x *DescribeReply) GetProblems() []*Problem {
	if x != nil {
		return x.Problems
	}
	return nil
}

func (x *DescribeReply) GetCapabilities() []Capability {
	if x != nil {
		return x.Capabilities
	}
	return nil
}

func (x *DescribeReply) GetSessions() uint32 {
	if x != nil {
		return x.Sessions
	}
	return 0
}

// Hyperparameter is protocol.Hyperparameter. The step size, what much of the literature calls the
// learning rate, is always named step_size: the search of the standard protocol knows it by this
// name, and has no grid of it.
type Hyperparameter struct {
	state   protoimpl.MessageState `protogen:"open.v1"`
	Name    string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"` // lower_snake_case
	Doc     string                 `protobuf:"bytes,2,opt,name=doc,proto3" json:"doc,omitempty"`   // one line
	Default float64                `protobuf:"fixed64,3,opt,name=default,proto3" json:"default,omitempty"`
	Min     float64                `protobuf:"fixed64,4,opt,name=min,proto3" json:"min,omitempty"`
	Max     float64                `protobuf:"fixed64,5,opt,name=max,proto3" json:"max,omitempty"` // may be +Inf
	MinOpen bool                   `protobuf:"varint,6,opt,name=min_open,json=minOpen,proto3" json:"min_open,omitempty"`
	MaxOpen bool                   `protobuf:"varint,7,opt,name=max_open,json=maxOpen,proto3" json:"max_open,omitempty"`
	Integer bool                   `protobuf:"varint,8,opt,name=integer,proto3" json:"integer,omitempty"`
	// The protocol tunes it: step_size by its search; any other over the values of its grid, the
	// default among them, at the best step size. Tuned without a grid, other than step_size, means
	// that there is one value to try, the default: a mistake, which bench check reports. A plan may
	// tune any hyperparameter over a range of its own, declared as tuned or not.
	Tuned         bool      `protobuf:"varint,9,opt,name=tuned,proto3" json:"tuned,omitempty"`
	Grid          []float64 `protobuf:"fixed64,10,rep,packed,name=grid,proto3" json:"grid,omitempty"`
	Log           bool      `protobuf:"varint,11,opt,name=log,proto3" json:"log,omitempty"`     // its scale is logarithmic
	Later         bool      `protobuf:"varint,12,opt,name=later,proto3" json:"later,omitempty"` // declared when there were runs already: complete settings leave it out at its default
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Hyperparameter) Reset() {
	*x = Hyperparameter{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[4]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Hyperparameter) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Hyperparameter) ProtoMessage() {}

func (x *Hyperparameter) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[4]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Hyperparameter.ProtoReflect.Descriptor instead.
func (*Hyperparameter) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{4}
}

func (x *Hyperparameter) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Hyperparameter) GetDoc() string {
	if x != nil {
		return x.Doc
	}
	return ""
}

func (x *Hyperparameter) GetDefault() float64 {
	if x != nil {
		return x.Default
	}
	return 0
}

func (x *Hyperparameter) GetMin() float64 {
	if x != nil {
		return x.Min
	}
	return 0
}

func (x *Hyperparameter) GetMax() float64 {
	if x != nil {
		return x.Max
	}
	return 0
}

func (x *Hyperparameter) GetMinOpen() bool {
	if x != nil {
		return x.MinOpen
	}
	return false
}

func (x *Hyperparameter) GetMaxOpen() bool {
	if x != nil {
		return x.MaxOpen
	}
	return false
}

func (x *Hyperparameter) GetInteger() bool {
	if x != nil {
		return x.Integer
	}
	return false
}

func (x *Hyperparameter) GetTuned() bool {
	if x != nil {
		return x.Tuned
	}
	return false
}

func (x *Hyperparameter) GetGrid() []float64 {
	if x != nil {
		return x.Grid
	}
	return nil
}

func (x *Hyperparameter) GetLog() bool {
	if x != nil {
		return x.Log
	}
	return false
}

func (x *Hyperparameter) GetLater() bool {
	if x != nil {
		return x.Later
	}
	return false
}

// Optimizer is protocol.OptimizerDef.
type Optimizer struct {
	state           protoimpl.MessageState `protogen:"open.v1"`
	Name            string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`       // lower-case, words joined by hyphens
	Version         string                 `protobuf:"bytes,2,opt,name=version,proto3" json:"version,omitempty"` // raised when any of its numbers change
	Doc             string                 `protobuf:"bytes,3,opt,name=doc,proto3" json:"doc,omitempty"`
	Source          string                 `protobuf:"bytes,4,opt,name=source,proto3" json:"source,omitempty"`
	Hyperparameters []*Hyperparameter      `protobuf:"bytes,5,rep,name=hyperparameters,proto3" json:"hyperparameters,omitempty"`
	// Set of quantities: 1 gradient, 2 variance norm, 4 variance, 8 Fisher, 16 empirical Fisher, 32
	// sampled Fisher, 64 Hessian, 128 Gauss-Newton, 256 covariance, 512 oracle, 1024 sampled
	// gradient. Package protocol defines them.
	Needs            uint32   `protobuf:"varint,6,opt,name=needs,proto3" json:"needs,omitempty"`
	ChoosesBatchSize bool     `protobuf:"varint,7,opt,name=chooses_batch_size,json=choosesBatchSize,proto3" json:"chooses_batch_size,omitempty"`
	Averages         bool     `protobuf:"varint,8,opt,name=averages,proto3" json:"averages,omitempty"`                              // it answers Estimate
	Reports          []string `protobuf:"bytes,9,rep,name=reports,proto3" json:"reports,omitempty"`                                 // names of the numbers in StepReply.reports; at most 256
	Dtypes           []DType  `protobuf:"varint,10,rep,packed,name=dtypes,proto3,enum=noisebench.v1.DType" json:"dtypes,omitempty"` // at least one
	Trials           bool     `protobuf:"varint,11,opt,name=trials,proto3" json:"trials,omitempty"`                                 // its requests may mark trial points
	Saves            bool     `protobuf:"varint,12,opt,name=saves,proto3" json:"saves,omitempty"`                                   // it answers Save and Restore
	// Digest names all code that the definition runs (a hash of its source files, imported ones too):
	// it changes whenever the definition may compute other bits, and only then. Runs belong to it.
	// Empty: runs belong to the executable's bytes.
	Digest        string            `protobuf:"bytes,13,opt,name=digest,proto3" json:"digest,omitempty"`
	Environment   map[string]string `protobuf:"bytes,14,rep,name=environment,proto3" json:"environment,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"` // what else decides about bits: interpreter, libraries and versions, device
	FullBatch     bool              `protobuf:"varint,15,opt,name=full_batch,json=fullBatch,proto3" json:"full_batch,omitempty"`                                                             // it draws all examples, so that it cannot run on endless data
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Optimizer) Reset() {
	*x = Optimizer{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[5]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Optimizer) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Optimizer) ProtoMessage() {}

func (x *Optimizer) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[5]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Optimizer.ProtoReflect.Descriptor instead.
func (*Optimizer) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{5}
}

func (x *Optimizer) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Optimizer) GetVersion() string {
	if x != nil {
		return x.Version
	}
	return ""
}

func (x *Optimizer) GetDoc() string {
	if x != nil {
		return x.Doc
	}
	return ""
}

func (x *Optimizer) GetSource() string {
	if x != nil {
		return x.Source
	}
	return ""
}

func (x *Optimizer) GetHyperparameters() []*Hyperparameter {
	if x != nil {
		return x.Hyperparameters
	}
	return nil
}

func (x *Optimizer) GetNeeds() uint32 {
	if x != nil {
		return x.Needs
	}
	return 0
}

func (x *Optimizer) GetChoosesBatchSize() bool {
	if x != nil {
		return x.ChoosesBatchSize
	}
	return false
}

func (x *Optimizer) GetAverages() bool {
	if x != nil {
		return x.Averages
	}
	return false
}

func (x *Optimizer) GetReports() []string {
	if x != nil {
		return x.Reports
	}
	return nil
}

func (x *Optimizer) GetDtypes() []DType {
	if x != nil {
		return x.Dtypes
	}
	return nil
}

func (x *Optimizer) GetTrials() bool {
	if x != nil {
		return x.Trials
	}
	return false
}

func (x *Optimizer) GetSaves() bool {
	if x != nil {
		return x.Saves
	}
	return false
}

func (x *Optimizer) GetDigest() string {
	if x != nil {
		return x.Digest
	}
	return ""
}

func (x *Optimizer) GetEnvironment() map[string]string {
	if x != nil {
		return x.Environment
	}
	return nil
}

func (x *Optimizer) GetFullBatch() bool {
	if x != nil {
		return x.FullBatch
	}
	return false
}

// Problem is protocol.ProblemDef.
type Problem struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Version       string                 `protobuf:"bytes,2,opt,name=version,proto3" json:"version,omitempty"`
	Doc           string                 `protobuf:"bytes,3,opt,name=doc,proto3" json:"doc,omitempty"`
	Source        string                 `protobuf:"bytes,4,opt,name=source,proto3" json:"source,omitempty"`
	Parameters    []*Hyperparameter      `protobuf:"bytes,5,rep,name=parameters,proto3" json:"parameters,omitempty"`
	Dtypes        []DType                `protobuf:"varint,6,rep,packed,name=dtypes,proto3,enum=noisebench.v1.DType" json:"dtypes,omitempty"` // that its specs may have; at least one
	Digest        string                 `protobuf:"bytes,7,opt,name=digest,proto3" json:"digest,omitempty"`                                  // as in Optimizer
	Environment   map[string]string      `protobuf:"bytes,8,rep,name=environment,proto3" json:"environment,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Problem) Reset() {
	*x = Problem{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[6]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Problem) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Problem) ProtoMessage() {}

func (x *Problem) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[6]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Problem.ProtoReflect.Descriptor instead.
func (*Problem) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{6}
}

func (x *Problem) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Problem) GetVersion() string {
	if x != nil {
		return x.Version
	}
	return ""
}

func (x *Problem) GetDoc() string {
	if x != nil {
		return x.Doc
	}
	return ""
}

func (x *Problem) GetSource() string {
	if x != nil {
		return x.Source
	}
	return ""
}

func (x *Problem) GetParameters() []*Hyperparameter {
	if x != nil {
		return x.Parameters
	}
	return nil
}

func (x *Problem) GetDtypes() []DType {
	if x != nil {
		return x.Dtypes
	}
	return nil
}

func (x *Problem) GetDigest() string {
	if x != nil {
		return x.Digest
	}
	return ""
}

func (x *Problem) GetEnvironment() map[string]string {
	if x != nil {
		return x.Environment
	}
	return nil
}

type SpecRequest struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Problem       string                 `protobuf:"bytes,1,opt,name=problem,proto3" json:"problem,omitempty"`
	Setting       map[string]float64     `protobuf:"bytes,2,rep,name=setting,proto3" json:"setting,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"` // complete
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *SpecRequest) Reset() {
	*x = SpecRequest{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[7]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *SpecRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*SpecRequest) ProtoMessage() {}

func (x *SpecRequest) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[7]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use SpecRequest.ProtoReflect.Descriptor instead.
func (*SpecRequest) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{7}
}

func (x *SpecRequest) GetProblem() string {
	if x != nil {
		return x.Problem
	}
	return ""
}

func (x *SpecRequest) GetSetting() map[string]float64 {
	if x != nil {
		return x.Setting
	}
	return nil
}

type SpecReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Error         *Error                 `protobuf:"bytes,1,opt,name=error,proto3" json:"error,omitempty"` // if set, nothing else is
	Spec          *Spec                  `protobuf:"bytes,2,opt,name=spec,proto3" json:"spec,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *SpecReply) Reset() {
	*x = SpecReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[8]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *SpecReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*SpecReply) ProtoMessage() {}

func (x *SpecReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[8]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use SpecReply.ProtoReflect.Descriptor instead.
func (*SpecReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{8}
}

func (x *SpecReply) GetError() *Error {
	if x != nil {
		return x.Error
	}
	return nil
}

func (x *SpecReply) GetSpec() *Spec {
	if x != nil {
		return x.Spec
	}
	return nil
}

// Spec is protocol.ProblemSpec.
type Spec struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Dim           uint64                 `protobuf:"varint,1,opt,name=dim,proto3" json:"dim,omitempty"`
	Dtype         DType                  `protobuf:"varint,2,opt,name=dtype,proto3,enum=noisebench.v1.DType" json:"dtype,omitempty"`
	Train         uint64                 `protobuf:"varint,3,opt,name=train,proto3" json:"train,omitempty"` // 0: endless
	Validation    uint64                 `protobuf:"varint,4,opt,name=validation,proto3" json:"validation,omitempty"`
	Test          uint64                 `protobuf:"varint,5,opt,name=test,proto3" json:"test,omitempty"`
	Measures      uint32                 `protobuf:"varint,6,opt,name=measures,proto3" json:"measures,omitempty"` // set of quantities
	Metric        string                 `protobuf:"bytes,7,opt,name=metric,proto3" json:"metric,omitempty"`
	HigherBetter  bool                   `protobuf:"varint,8,opt,name=higher_better,json=higherBetter,proto3" json:"higher_better,omitempty"`
	BatchSize     uint64                 `protobuf:"varint,9,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"`
	Budget        int64                  `protobuf:"varint,10,opt,name=budget,proto3" json:"budget,omitempty"` // examples
	Schedule      []*Drop                `protobuf:"bytes,11,rep,name=schedule,proto3" json:"schedule,omitempty"`
	Blocks        []*Block               `protobuf:"bytes,12,rep,name=blocks,proto3" json:"blocks,omitempty"`
	Data          []*DataFile            `protobuf:"bytes,13,rep,name=data,proto3" json:"data,omitempty"`
	Constants     map[string]float64     `protobuf:"bytes,14,rep,name=constants,proto3" json:"constants,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Spec) Reset() {
	*x = Spec{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[9]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Spec) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Spec) ProtoMessage() {}

func (x *Spec) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[9]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Spec.ProtoReflect.Descriptor instead.
func (*Spec) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{9}
}

func (x *Spec) GetDim() uint64 {
	if x != nil {
		return x.Dim
	}
	return 0
}

func (x *Spec) GetDtype() DType {
	if x != nil {
		return x.Dtype
	}
	return DType_DTYPE_UNSPECIFIED
}

func (x *Spec) GetTrain() uint64 {
	if x != nil {
		return x.Train
	}
	return 0
}

func (x *Spec) GetValidation() uint64 {
	if x != nil {
		return x.Validation
	}
	return 0
}

func (x *Spec) GetTest() uint64 {
	if x != nil {
		return x.Test
	}
	return 0
}

func (x *Spec) GetMeasures() uint32 {
	if x != nil {
		return x.Measures
	}
	return 0
}

func (x *Spec) GetMetric() string {
	if x != nil {
		return x.Metric
	}
	return ""
}

func (x *Spec) GetHigherBetter() bool {
	if x != nil {
		return x.HigherBetter
	}
	return false
}

func (x *Spec) GetBatchSize() uint64 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *Spec) GetBudget() int64 {
	if x != nil {
		return x.Budget
	}
	return 0
}

func (x *Spec) GetSchedule() []*Drop {
	if x != nil {
		return x.Schedule
	}
	return nil
}

func (x *Spec) GetBlocks() []*Block {
	if x != nil {
		return x.Blocks
	}
	return nil
}

func (x *Spec) GetData() []*DataFile {
	if x != nil {
		return x.Data
	}
	return nil
}

func (x *Spec) GetConstants() map[string]float64 {
	if x != nil {
		return x.Constants
	}
	return nil
}

type Drop struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	At            float64                `protobuf:"fixed64,1,opt,name=at,proto3" json:"at,omitempty"` // fraction of the budget
	Factor        float64                `protobuf:"fixed64,2,opt,name=factor,proto3" json:"factor,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Drop) Reset() {
	*x = Drop{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[10]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Drop) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Drop) ProtoMessage() {}

func (x *Drop) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[10]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Drop.ProtoReflect.Descriptor instead.
func (*Drop) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{10}
}

func (x *Drop) GetAt() float64 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *Drop) GetFactor() float64 {
	if x != nil {
		return x.Factor
	}
	return 0
}

type Block struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Offset        uint64                 `protobuf:"varint,2,opt,name=offset,proto3" json:"offset,omitempty"`
	Len           uint64                 `protobuf:"varint,3,opt,name=len,proto3" json:"len,omitempty"`
	Shape         []uint64               `protobuf:"varint,4,rep,packed,name=shape,proto3" json:"shape,omitempty"` // row-major dimensions, whose product is len; none: a vector
	Output        uint64                 `protobuf:"varint,5,opt,name=output,proto3" json:"output,omitempty"`      // the axis of shape that numbers the layer's outputs: 0 or the last
	Role          string                 `protobuf:"bytes,6,opt,name=role,proto3" json:"role,omitempty"`           // weight, bias, scale, embedding, output, or empty
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Block) Reset() {
	*x = Block{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[11]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Block) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Block) ProtoMessage() {}

func (x *Block) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[11]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Block.ProtoReflect.Descriptor instead.
func (*Block) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{11}
}

func (x *Block) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Block) GetOffset() uint64 {
	if x != nil {
		return x.Offset
	}
	return 0
}

func (x *Block) GetLen() uint64 {
	if x != nil {
		return x.Len
	}
	return 0
}

func (x *Block) GetShape() []uint64 {
	if x != nil {
		return x.Shape
	}
	return nil
}

func (x *Block) GetOutput() uint64 {
	if x != nil {
		return x.Output
	}
	return 0
}

func (x *Block) GetRole() string {
	if x != nil {
		return x.Role
	}
	return ""
}

type DataFile struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Sha256        string                 `protobuf:"bytes,2,opt,name=sha256,proto3" json:"sha256,omitempty"` // hexadecimal, of the decompressed contents
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *DataFile) Reset() {
	*x = DataFile{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[12]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *DataFile) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*DataFile) ProtoMessage() {}

func (x *DataFile) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[12]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use DataFile.ProtoReflect.Descriptor instead.
func (*DataFile) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{12}
}

func (x *DataFile) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *DataFile) GetSha256() string {
	if x != nil {
		return x.Sha256
	}
	return ""
}

type OpenRequest struct {
	state   protoimpl.MessageState `protogen:"open.v1"`
	Dtype   DType                  `protobuf:"varint,1,opt,name=dtype,proto3,enum=noisebench.v1.DType" json:"dtype,omitempty"`
	Setting map[string]float64     `protobuf:"bytes,2,rep,name=setting,proto3" json:"setting,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"` // complete
	// Types that are valid to be assigned to What:
	//
	//	*OpenRequest_Problem
	//	*OpenRequest_Optimizer
	What          isOpenRequest_What `protobuf_oneof:"what"`
	Mailbox       *Region            `protobuf:"bytes,5,opt,name=mailbox,proto3" json:"mailbox,omitempty"` // set: calls come by doorbell; unset: on a stream
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *OpenRequest) Reset() {
	*x = OpenRequest{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[13]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *OpenRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*OpenRequest) ProtoMessage() {}

func (x *OpenRequest) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[13]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use OpenRequest.ProtoReflect.Descriptor instead.
func (*OpenRequest) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{13}
}

func (x *OpenRequest) GetDtype() DType {
	if x != nil {
		return x.Dtype
	}
	return DType_DTYPE_UNSPECIFIED
}

func (x *OpenRequest) GetSetting() map[string]float64 {
	if x != nil {
		return x.Setting
	}
	return nil
}

func (x *OpenRequest) GetWhat() isOpenRequest_What {
	if x != nil {
		return x.What
	}
	return nil
}

func (x *OpenRequest) GetProblem() string {
	if x != nil {
		if x, ok := x.What.(*OpenRequest_Problem); ok {
			return x.Problem
		}
	}
	return ""
}

func (x *OpenRequest) GetOptimizer() *Start {
	if x != nil {
		if x, ok := x.What.(*OpenRequest_Optimizer); ok {
			return x.Optimizer
		}
	}
	return nil
}

func (x *OpenRequest) GetMailbox() *Region {
	if x != nil {
		return x.Mailbox
	}
	return nil
}

type isOpenRequest_What interface {
	isOpenRequest_What()
}

type OpenRequest_Problem struct {
	Problem string `protobuf:"bytes,3,opt,name=problem,proto3,oneof"` // its name
}

type OpenRequest_Optimizer struct {
	Optimizer *Start `protobuf:"bytes,4,opt,name=optimizer,proto3,oneof"`
}

func (*OpenRequest_Problem) isOpenRequest_What() {}

func (*OpenRequest_Optimizer) isOpenRequest_What() {}

// Start is protocol.Start, less the fields that OpenRequest has.
type Start struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"` // of the optimizer
	Dim           uint64                 `protobuf:"varint,2,opt,name=dim,proto3" json:"dim,omitempty"`
	Blocks        []*Block               `protobuf:"bytes,3,rep,name=blocks,proto3" json:"blocks,omitempty"`
	BatchSize     uint64                 `protobuf:"varint,4,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"`
	Train         uint64                 `protobuf:"varint,5,opt,name=train,proto3" json:"train,omitempty"`   // 0: endless
	Budget        int64                  `protobuf:"varint,6,opt,name=budget,proto3" json:"budget,omitempty"` // examples
	Seed          uint64                 `protobuf:"varint,7,opt,name=seed,proto3" json:"seed,omitempty"`
	Constants     map[string]float64     `protobuf:"bytes,8,rep,name=constants,proto3" json:"constants,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Start) Reset() {
	*x = Start{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[14]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Start) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Start) ProtoMessage() {}

func (x *Start) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[14]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Start.ProtoReflect.Descriptor instead.
func (*Start) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{14}
}

func (x *Start) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Start) GetDim() uint64 {
	if x != nil {
		return x.Dim
	}
	return 0
}

func (x *Start) GetBlocks() []*Block {
	if x != nil {
		return x.Blocks
	}
	return nil
}

func (x *Start) GetBatchSize() uint64 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *Start) GetTrain() uint64 {
	if x != nil {
		return x.Train
	}
	return 0
}

func (x *Start) GetBudget() int64 {
	if x != nil {
		return x.Budget
	}
	return 0
}

func (x *Start) GetSeed() uint64 {
	if x != nil {
		return x.Seed
	}
	return 0
}

func (x *Start) GetConstants() map[string]float64 {
	if x != nil {
		return x.Constants
	}
	return nil
}

type OpenReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Error         *Error                 `protobuf:"bytes,1,opt,name=error,proto3" json:"error,omitempty"` // if set, nothing else is
	Session       uint64                 `protobuf:"varint,2,opt,name=session,proto3" json:"session,omitempty"`
	Dim           uint64                 `protobuf:"varint,3,opt,name=dim,proto3" json:"dim,omitempty"`        // number of elements of a point
	Request       *Request               `protobuf:"bytes,4,opt,name=request,proto3" json:"request,omitempty"` // an optimizer's first
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *OpenReply) Reset() {
	*x = OpenReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[15]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *OpenReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*OpenReply) ProtoMessage() {}

func (x *OpenReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[15]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use OpenReply.ProtoReflect.Descriptor instead.
func (*OpenReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{15}
}

func (x *OpenReply) GetError() *Error {
	if x != nil {
		return x.Error
	}
	return nil
}

func (x *OpenReply) GetSession() uint64 {
	if x != nil {
		return x.Session
	}
	return 0
}

func (x *OpenReply) GetDim() uint64 {
	if x != nil {
		return x.Dim
	}
	return 0
}

func (x *OpenReply) GetRequest() *Request {
	if x != nil {
		return x.Request
	}
	return nil
}

// Request is protocol.Request: what an optimizer wants to have measured next.
type Request struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	BatchSize     uint64                 `protobuf:"varint,1,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"` // 0 keeps the size
	Draw          uint32                 `protobuf:"varint,2,opt,name=draw,proto3" json:"draw,omitempty"`                            // 0 new, 1 again, 2 all
	Want          uint32                 `protobuf:"varint,3,opt,name=want,proto3" json:"want,omitempty"`                            // set of quantities; 0: the standing needs
	Trial         bool                   `protobuf:"varint,4,opt,name=trial,proto3" json:"trial,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Request) Reset() {
	*x = Request{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[16]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Request) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Request) ProtoMessage() {}

func (x *Request) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[16]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Request.ProtoReflect.Descriptor instead.
func (*Request) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{16}
}

func (x *Request) GetBatchSize() uint64 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *Request) GetDraw() uint32 {
	if x != nil {
		return x.Draw
	}
	return 0
}

func (x *Request) GetWant() uint32 {
	if x != nil {
		return x.Want
	}
	return 0
}

func (x *Request) GetTrial() bool {
	if x != nil {
		return x.Trial
	}
	return false
}

// Vector is a vector to be read, written, or both. It lies in shared memory if region is set,
// travels in chunks if chunked is set, and else inside the messages: one that is read in inline,
// one that is written in the reply, under the vector's name.
type Vector struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Inline        []byte                 `protobuf:"bytes,1,opt,name=inline,proto3" json:"inline,omitempty"`
	Region        uint64                 `protobuf:"varint,2,opt,name=region,proto3" json:"region,omitempty"`   // id of the region; 0: none
	Offset        uint64                 `protobuf:"varint,3,opt,name=offset,proto3" json:"offset,omitempty"`   // in the region, in bytes, a multiple of 8
	Size          uint64                 `protobuf:"varint,4,opt,name=size,proto3" json:"size,omitempty"`       // in bytes; of the part of the region
	Chunked       uint64                 `protobuf:"varint,5,opt,name=chunked,proto3" json:"chunked,omitempty"` // in bytes, of the whole vector, which follows in chunks; 0: it does not
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Vector) Reset() {
	*x = Vector{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[17]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Vector) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Vector) ProtoMessage() {}

func (x *Vector) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[17]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Vector.ProtoReflect.Descriptor instead.
func (*Vector) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{17}
}

func (x *Vector) GetInline() []byte {
	if x != nil {
		return x.Inline
	}
	return nil
}

func (x *Vector) GetRegion() uint64 {
	if x != nil {
		return x.Region
	}
	return 0
}

func (x *Vector) GetOffset() uint64 {
	if x != nil {
		return x.Offset
	}
	return 0
}

func (x *Vector) GetSize() uint64 {
	if x != nil {
		return x.Size
	}
	return 0
}

func (x *Vector) GetChunked() uint64 {
	if x != nil {
		return x.Chunked
	}
	return 0
}

// Chunk is a part of a vector (5).
type Chunk struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Data          []byte                 `protobuf:"bytes,1,opt,name=data,proto3" json:"data,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Chunk) Reset() {
	*x = Chunk{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[18]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Chunk) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Chunk) ProtoMessage() {}

func (x *Chunk) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[18]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Chunk.ProtoReflect.Descriptor instead.
func (*Chunk) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{18}
}

func (x *Chunk) GetData() []byte {
	if x != nil {
		return x.Data
	}
	return nil
}

type Call struct {
	state   protoimpl.MessageState `protogen:"open.v1"`
	Session uint64                 `protobuf:"varint,1,opt,name=session,proto3" json:"session,omitempty"` // in the first call on a stream
	Regions []*Region              `protobuf:"bytes,2,rep,name=regions,proto3" json:"regions,omitempty"`  // that this session has not mentioned before
	// Types that are valid to be assigned to Call:
	//
	//	*Call_Init
	//	*Call_Measure
	//	*Call_Evaluate
	//	*Call_Step
	//	*Call_Estimate
	//	*Call_Close
	//	*Call_Save
	//	*Call_Restore
	//	*Call_Chunk
	Call          isCall_Call `protobuf_oneof:"call"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Call) Reset() {
	*x = Call{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[19]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Call) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Call) ProtoMessage() {}

func (x *Call) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[19]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Call.ProtoReflect.Descriptor instead.
func (*Call) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{19}
}

func (x *Call) GetSession() uint64 {
	if x != nil {
		return x.Session
	}
	return 0
}

func (x *Call) GetRegions() []*Region {
	if x != nil {
		return x.Regions
	}
	return nil
}

func (x *Call) GetCall() isCall_Call {
	if x != nil {
		return x.Call
	}
	return nil
}

func (x *Call) GetInit() *Init {
	if x != nil {
		if x, ok := x.Call.(*Call_Init); ok {
			return x.Init
		}
	}
	return nil
}

func (x *Call) GetMeasure() *Measure {
	if x != nil {
		if x, ok := x.Call.(*Call_Measure); ok {
			return x.Measure
		}
	}
	return nil
}

func (x *Call) GetEvaluate() *Evaluate {
	if x != nil {
		if x, ok := x.Call.(*Call_Evaluate); ok {
			return x.Evaluate
		}
	}
	return nil
}

func (x *Call) GetStep() *Step {
	if x != nil {
		if x, ok := x.Call.(*Call_Step); ok {
			return x.Step
		}
	}
	return nil
}

func (x *Call) GetEstimate() *Estimate {
	if x != nil {
		if x, ok := x.Call.(*Call_Estimate); ok {
			return x.Estimate
		}
	}
	return nil
}

func (x *Call) GetClose() *Close {
	if x != nil {
		if x, ok := x.Call.(*Call_Close); ok {
			return x.Close
		}
	}
	return nil
}

func (x *Call) GetSave() *Save {
	if x != nil {
		if x, ok := x.Call.(*Call_Save); ok {
			return x.Save
		}
	}
	return nil
}

func (x *Call) GetRestore() *Restore {
	if x != nil {
		if x, ok := x.Call.(*Call_Restore); ok {
			return x.Restore
		}
	}
	return nil
}

func (x *Call) GetChunk() *Chunk {
	if x != nil {
		if x, ok := x.Call.(*Call_Chunk); ok {
			return x.Chunk
		}
	}
	return nil
}

type isCall_Call interface {
	isCall_Call()
}

type Call_Init struct {
	Init *Init `protobuf:"bytes,3,opt,name=init,proto3,oneof"`
}

type Call_Measure struct {
	Measure *Measure `protobuf:"bytes,4,opt,name=measure,proto3,oneof"`
}

type Call_Evaluate struct {
	Evaluate *Evaluate `protobuf:"bytes,5,opt,name=evaluate,proto3,oneof"`
}

type Call_Step struct {
	Step *Step `protobuf:"bytes,6,opt,name=step,proto3,oneof"`
}

type Call_Estimate struct {
	Estimate *Estimate `protobuf:"bytes,7,opt,name=estimate,proto3,oneof"`
}

type Call_Close struct {
	Close *Close `protobuf:"bytes,8,opt,name=close,proto3,oneof"`
}

type Call_Save struct {
	Save *Save `protobuf:"bytes,9,opt,name=save,proto3,oneof"`
}

type Call_Restore struct {
	Restore *Restore `protobuf:"bytes,10,opt,name=restore,proto3,oneof"`
}

type Call_Chunk struct {
	Chunk *Chunk `protobuf:"bytes,15,opt,name=chunk,proto3,oneof"`
}

func (*Call_Init) isCall_Call() {}

func (*Call_Measure) isCall_Call() {}

func (*Call_Evaluate) isCall_Call() {}

func (*Call_Step) isCall_Call() {}

func (*Call_Estimate) isCall_Call() {}

func (*Call_Close) isCall_Call() {}

func (*Call_Save) isCall_Call() {}

func (*Call_Restore) isCall_Call() {}

func (*Call_Chunk) isCall_Call() {}

type Reply struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	Error *Error                 `protobuf:"bytes,1,opt,name=error,proto3" json:"error,omitempty"` // if set, nothing else is
	// Types that are valid to be assigned to Reply:
	//
	//	*Reply_Init
	//	*Reply_Measure
	//	*Reply_Evaluate
	//	*Reply_Step
	//	*Reply_Estimate
	//	*Reply_Close
	//	*Reply_Save
	//	*Reply_Restore
	//	*Reply_Chunk
	Reply         isReply_Reply `protobuf_oneof:"reply"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Reply) Reset() {
	*x = Reply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[20]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Reply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Reply) ProtoMessage() {}

func (x *Reply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[20]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Reply.ProtoReflect.Descriptor instead.
func (*Reply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{20}
}

func (x *Reply) GetError() *Error {
	if x != nil {
		return x.Error
	}
	return nil
}

func (x *Reply) GetReply() isReply_Reply {
	if x != nil {
		return x.Reply
	}
	return nil
}

func (x *Reply) GetInit() *InitReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Init); ok {
			return x.Init
		}
	}
	return nil
}

func (x *Reply) GetMeasure() *MeasureReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Measure); ok {
			return x.Measure
		}
	}
	return nil
}

func (x *Reply) GetEvaluate() *EvaluateReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Evaluate); ok {
			return x.Evaluate
		}
	}
	return nil
}

func (x *Reply) GetStep() *StepReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Step); ok {
			return x.Step
		}
	}
	return nil
}

func (x *Reply) GetEstimate() *EstimateReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Estimate); ok {
			return x.Estimate
		}
	}
	return nil
}

func (x *Reply) GetClose() *CloseReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Close); ok {
			return x.Close
		}
	}
	return nil
}

func (x *Reply) GetSave() *SaveReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Save); ok {
			return x.Save
		}
	}
	return nil
}

func (x *Reply) GetRestore() *RestoreReply {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Restore); ok {
			return x.Restore
		}
	}
	return nil
}

func (x *Reply) GetChunk() *Chunk {
	if x != nil {
		if x, ok := x.Reply.(*Reply_Chunk); ok {
			return x.Chunk
		}
	}
	return nil
}

type isReply_Reply interface {
	isReply_Reply()
}

type Reply_Init struct {
	Init *InitReply `protobuf:"bytes,2,opt,name=init,proto3,oneof"`
}

type Reply_Measure struct {
	Measure *MeasureReply `protobuf:"bytes,3,opt,name=measure,proto3,oneof"`
}

type Reply_Evaluate struct {
	Evaluate *EvaluateReply `protobuf:"bytes,4,opt,name=evaluate,proto3,oneof"`
}

type Reply_Step struct {
	Step *StepReply `protobuf:"bytes,5,opt,name=step,proto3,oneof"`
}

type Reply_Estimate struct {
	Estimate *EstimateReply `protobuf:"bytes,6,opt,name=estimate,proto3,oneof"`
}

type Reply_Close struct {
	Close *CloseReply `protobuf:"bytes,7,opt,name=close,proto3,oneof"`
}

type Reply_Save struct {
	Save *SaveReply `protobuf:"bytes,8,opt,name=save,proto3,oneof"`
}

type Reply_Restore struct {
	Restore *RestoreReply `protobuf:"bytes,9,opt,name=restore,proto3,oneof"`
}

type Reply_Chunk struct {
	Chunk *Chunk `protobuf:"bytes,15,opt,name=chunk,proto3,oneof"`
}

func (*Reply_Init) isReply_Reply() {}

func (*Reply_Measure) isReply_Reply() {}

func (*Reply_Evaluate) isReply_Reply() {}

func (*Reply_Step) isReply_Reply() {}

func (*Reply_Estimate) isReply_Reply() {}

func (*Reply_Close) isReply_Reply() {}

func (*Reply_Save) isReply_Reply() {}

func (*Reply_Restore) isReply_Reply() {}

func (*Reply_Chunk) isReply_Reply() {}

// Init: to a problem. Write the starting point of runs with this seed to x.
type Init struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Seed          uint64                 `protobuf:"varint,1,opt,name=seed,proto3" json:"seed,omitempty"`
	X             *Vector                `protobuf:"bytes,2,opt,name=x,proto3" json:"x,omitempty"` // written
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Init) Reset() {
	*x = Init{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[21]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Init) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Init) ProtoMessage() {}

func (x *Init) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[21]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Init.ProtoReflect.Descriptor instead.
func (*Init) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{21}
}

func (x *Init) GetSeed() uint64 {
	if x != nil {
		return x.Seed
	}
	return 0
}

func (x *Init) GetX() *Vector {
	if x != nil {
		return x.X
	}
	return nil
}

type InitReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	X             []byte                 `protobuf:"bytes,1,opt,name=x,proto3" json:"x,omitempty"` // if Init.x has no region and does not travel in chunks; likewise below
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *InitReply) Reset() {
	*x = InitReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[22]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *InitReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*InitReply) ProtoMessage() {}

func (x *InitReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[22]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use InitReply.ProtoReflect.Descriptor instead.
func (*InitReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{22}
}

func (x *InitReply) GetX() []byte {
	if x != nil {
		return x.X
	}
	return nil
}

// Measure: to a problem. Measure loss and quantities at x on a batch.
type Measure struct {
	state    protoimpl.MessageState `protogen:"open.v1"`
	X        *Vector                `protobuf:"bytes,1,opt,name=x,proto3" json:"x,omitempty"`               // read
	Examples *Vector                `protobuf:"bytes,2,opt,name=examples,proto3" json:"examples,omitempty"` // read: the numbers of the examples, 8-byte signed little-endian integers
	Seed     uint64                 `protobuf:"varint,3,opt,name=seed,proto3" json:"seed,omitempty"`
	Position int64                  `protobuf:"varint,4,opt,name=position,proto3" json:"position,omitempty"`
	Want     uint32                 `protobuf:"varint,5,opt,name=want,proto3" json:"want,omitempty"`        // set of quantities
	Gradient *Vector                `protobuf:"bytes,6,opt,name=gradient,proto3" json:"gradient,omitempty"` // written, if wanted
	Variance *Vector                `protobuf:"bytes,7,opt,name=variance,proto3" json:"variance,omitempty"` // written, if wanted
	// Written: one for each matrix that is wanted (8 to 256), in the order of the quantities, with
	// d×d elements each, row-major; then, if the oracle (512) is wanted, true gradient and true
	// variance; then, if the sampled gradient (1024) is wanted, that one.
	More          []*Vector `protobuf:"bytes,8,rep,name=more,proto3" json:"more,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Measure) Reset() {
	*x = Measure{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[23]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Measure) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Measure) ProtoMessage() {}

func (x *Measure) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[23]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Measure.ProtoReflect.Descriptor instead.
func (*Measure) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{23}
}

func (x *Measure) GetX() *Vector {
	if x != nil {
		return x.X
	}
	return nil
}

func (x *Measure) GetExamples() *Vector {
	if x != nil {
		return x.Examples
	}
	return nil
}

func (x *Measure) GetSeed() uint64 {
	if x != nil {
		return x.Seed
	}
	return 0
}

func (x *Measure) GetPosition() int64 {
	if x != nil {
		return x.Position
	}
	return 0
}

func (x *Measure) GetWant() uint32 {
	if x != nil {
		return x.Want
	}
	return 0
}

func (x *Measure) GetGradient() *Vector {
	if x != nil {
		return x.Gradient
	}
	return nil
}

func (x *Measure) GetVariance() *Vector {
	if x != nil {
		return x.Variance
	}
	return nil
}

func (x *Measure) GetMore() []*Vector {
	if x != nil {
		return x.More
	}
	return nil
}

type MeasureReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Have          uint32                 `protobuf:"varint,1,opt,name=have,proto3" json:"have,omitempty"`
	BatchSize     uint64                 `protobuf:"varint,2,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"`
	Loss          float64                `protobuf:"fixed64,3,opt,name=loss,proto3" json:"loss,omitempty"`
	VarianceNorm  float64                `protobuf:"fixed64,4,opt,name=variance_norm,json=varianceNorm,proto3" json:"variance_norm,omitempty"`
	Gradient      []byte                 `protobuf:"bytes,5,opt,name=gradient,proto3" json:"gradient,omitempty"` // if Measure.gradient has no region
	Variance      []byte                 `protobuf:"bytes,6,opt,name=variance,proto3" json:"variance,omitempty"` // if Measure.variance has no region
	More          [][]byte               `protobuf:"bytes,7,rep,name=more,proto3" json:"more,omitempty"`         // one for each of Measure.more, empty where that has a region; or none if all have
	Seconds       float64                `protobuf:"fixed64,8,opt,name=seconds,proto3" json:"seconds,omitempty"` // spent in the plugin's own code for this call, without transport; 0: unknown
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *MeasureReply) Reset() {
	*x = MeasureReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[24]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *MeasureReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*MeasureReply) ProtoMessage() {}

func (x *MeasureReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[24]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use MeasureReply.ProtoReflect.Descriptor instead.
func (*MeasureReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{24}
}

func (x *MeasureReply) GetHave() uint32 {
	if x != nil {
		return x.Have
	}
	return 0
}

func (x *MeasureReply) GetBatchSize() uint64 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *MeasureReply) GetLoss() float64 {
	if x != nil {
		return x.Loss
	}
	return 0
}

func (x *MeasureReply) GetVarianceNorm() float64 {
	if x != nil {
		return x.VarianceNorm
	}
	return 0
}

func (x *MeasureReply) GetGradient() []byte {
	if x != nil {
		return x.Gradient
	}
	return nil
}

func (x *MeasureReply) GetVariance() []byte {
	if x != nil {
		return x.Variance
	}
	return nil
}

func (x *MeasureReply) GetMore() [][]byte {
	if x != nil {
		return x.More
	}
	return nil
}

func (x *MeasureReply) GetSeconds() float64 {
	if x != nil {
		return x.Seconds
	}
	return 0
}

// Evaluate: to a problem. Judge x on one part: exact means over all of its examples, without
// augmentation or dropout. The train part is a fixed subset of the training examples of about the
// size of the test part, or all of them; for endless data it is the objective itself. Nothing is
// kept from one call to the next.
type Evaluate struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	X             *Vector                `protobuf:"bytes,1,opt,name=x,proto3" json:"x,omitempty"`       // read
	Part          string                 `protobuf:"bytes,2,opt,name=part,proto3" json:"part,omitempty"` // train, validation or test; validation and test only where Spec says that they have examples
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Evaluate) Reset() {
	*x = Evaluate{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[25]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Evaluate) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Evaluate) ProtoMessage() {}

func (x *Evaluate) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[25]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Evaluate.ProtoReflect.Descriptor instead.
func (*Evaluate) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{25}
}

func (x *Evaluate) GetX() *Vector {
	if x != nil {
		return x.X
	}
	return nil
}

func (x *Evaluate) GetPart() string {
	if x != nil {
		return x.Part
	}
	return ""
}

type EvaluateReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Loss          float64                `protobuf:"fixed64,1,opt,name=loss,proto3" json:"loss,omitempty"`     // exact mean over the part, regulariser included
	Metric        float64                `protobuf:"fixed64,2,opt,name=metric,proto3" json:"metric,omitempty"` // in the unit of Spec.metric: an accuracy lies in [0, 1]
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *EvaluateReply) Reset() {
	*x = EvaluateReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[26]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *EvaluateReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*EvaluateReply) ProtoMessage() {}

func (x *EvaluateReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[26]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use EvaluateReply.ProtoReflect.Descriptor instead.
func (*EvaluateReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{26}
}

func (x *EvaluateReply) GetLoss() float64 {
	if x != nil {
		return x.Loss
	}
	return 0
}

func (x *EvaluateReply) GetMetric() float64 {
	if x != nil {
		return x.Metric
	}
	return 0
}

// Step: to an optimizer. Move x, given a measurement at x.
type Step struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	X             *Vector                `protobuf:"bytes,1,opt,name=x,proto3" json:"x,omitempty"` // read and written
	Have          uint32                 `protobuf:"varint,2,opt,name=have,proto3" json:"have,omitempty"`
	BatchSize     uint64                 `protobuf:"varint,3,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"`
	Loss          float64                `protobuf:"fixed64,4,opt,name=loss,proto3" json:"loss,omitempty"`
	Gradient      *Vector                `protobuf:"bytes,5,opt,name=gradient,proto3" json:"gradient,omitempty"` // read, if have has it
	VarianceNorm  float64                `protobuf:"fixed64,6,opt,name=variance_norm,json=varianceNorm,proto3" json:"variance_norm,omitempty"`
	Variance      *Vector                `protobuf:"bytes,7,opt,name=variance,proto3" json:"variance,omitempty"` // read, if have has it
	Step          uint64                 `protobuf:"varint,8,opt,name=step,proto3" json:"step,omitempty"`
	Seen          int64                  `protobuf:"varint,9,opt,name=seen,proto3" json:"seen,omitempty"`
	StepScale     float64                `protobuf:"fixed64,10,opt,name=step_scale,json=stepScale,proto3" json:"step_scale,omitempty"` // the schedule's factor: the step size to use is step_size times this
	More          []*Vector              `protobuf:"bytes,11,rep,name=more,proto3" json:"more,omitempty"`                              // read: as Measure.more, of the quantities that have has
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Step) Reset() {
	*x = Step{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[27]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Step) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Step) ProtoMessage() {}

func (x *Step) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[27]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Step.ProtoReflect.Descriptor instead.
func (*Step) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{27}
}

func (x *Step) GetX() *Vector {
	if x != nil {
		return x.X
	}
	return nil
}

func (x *Step) GetHave() uint32 {
	if x != nil {
		return x.Have
	}
	return 0
}

func (x *Step) GetBatchSize() uint64 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *Step) GetLoss() float64 {
	if x != nil {
		return x.Loss
	}
	return 0
}

func (x *Step) GetGradient() *Vector {
	if x != nil {
		return x.Gradient
	}
	return nil
}

func (x *Step) GetVarianceNorm() float64 {
	if x != nil {
		return x.VarianceNorm
	}
	return 0
}

func (x *Step) GetVariance() *Vector {
	if x != nil {
		return x.Variance
	}
	return nil
}

func (x *Step) GetStep() uint64 {
	if x != nil {
		return x.Step
	}
	return 0
}

func (x *Step) GetSeen() int64 {
	if x != nil {
		return x.Seen
	}
	return 0
}

func (x *Step) GetStepScale() float64 {
	if x != nil {
		return x.StepScale
	}
	return 0
}

func (x *Step) GetMore() []*Vector {
	if x != nil {
		return x.More
	}
	return nil
}

type StepReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Request       *Request               `protobuf:"bytes,1,opt,name=request,proto3" json:"request,omitempty"`
	Reports       []float64              `protobuf:"fixed64,2,rep,packed,name=reports,proto3" json:"reports,omitempty"` // one for each name in Optimizer.reports
	X             []byte                 `protobuf:"bytes,3,opt,name=x,proto3" json:"x,omitempty"`                      // if Step.x has no region
	Seconds       float64                `protobuf:"fixed64,4,opt,name=seconds,proto3" json:"seconds,omitempty"`        // spent in the plugin's own code for this call, without transport; 0: unknown
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *StepReply) Reset() {
	*x = StepReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[28]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *StepReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*StepReply) ProtoMessage() {}

func (x *StepReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[28]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use StepReply.ProtoReflect.Descriptor instead.
func (*StepReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{28}
}

func (x *StepReply) GetRequest() *Request {
	if x != nil {
		return x.Request
	}
	return nil
}

func (x *StepReply) GetReports() []float64 {
	if x != nil {
		return x.Reports
	}
	return nil
}

func (x *StepReply) GetX() []byte {
	if x != nil {
		return x.X
	}
	return nil
}

func (x *StepReply) GetSeconds() float64 {
	if x != nil {
		return x.Seconds
	}
	return 0
}

// Estimate: to an optimizer that averages. Write the current estimate to out.
type Estimate struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	X             *Vector                `protobuf:"bytes,1,opt,name=x,proto3" json:"x,omitempty"`     // read
	Out           *Vector                `protobuf:"bytes,2,opt,name=out,proto3" json:"out,omitempty"` // written
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Estimate) Reset() {
	*x = Estimate{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[29]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Estimate) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Estimate) ProtoMessage() {}

func (x *Estimate) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[29]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Estimate.ProtoReflect.Descriptor instead.
func (*Estimate) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{29}
}

func (x *Estimate) GetX() *Vector {
	if x != nil {
		return x.X
	}
	return nil
}

func (x *Estimate) GetOut() *Vector {
	if x != nil {
		return x.Out
	}
	return nil
}

type EstimateReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Out           []byte                 `protobuf:"bytes,1,opt,name=out,proto3" json:"out,omitempty"` // if Estimate.out has no region
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *EstimateReply) Reset() {
	*x = EstimateReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[30]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *EstimateReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*EstimateReply) ProtoMessage() {}

func (x *EstimateReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[30]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use EstimateReply.ProtoReflect.Descriptor instead.
func (*EstimateReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{30}
}

func (x *EstimateReply) GetOut() []byte {
	if x != nil {
		return x.Out
	}
	return nil
}

// Save: to an optimizer that saves, between two steps or before the first. The state is any bytes
// from which the same code goes on to the same bits. It travels in pieces that fit into a mailbox,
// on a stream as well: the host asks from offset 0 on until it has SaveReply.size bytes, with no
// other call in between. The state is what it was at offset 0.
type Save struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Offset        uint64                 `protobuf:"varint,1,opt,name=offset,proto3" json:"offset,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Save) Reset() {
	*x = Save{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[31]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Save) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Save) ProtoMessage() {}

func (x *Save) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[31]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Save.ProtoReflect.Descriptor instead.
func (*Save) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{31}
}

func (x *Save) GetOffset() uint64 {
	if x != nil {
		return x.Offset
	}
	return 0
}

type SaveReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Piece         []byte                 `protobuf:"bytes,1,opt,name=piece,proto3" json:"piece,omitempty"` // what begins at the offset: at most 61440 bytes, and at least one unless the state ends there
	Size          uint64                 `protobuf:"varint,2,opt,name=size,proto3" json:"size,omitempty"`  // of the whole state, in bytes
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *SaveReply) Reset() {
	*x = SaveReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[32]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *SaveReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*SaveReply) ProtoMessage() {}

func (x *SaveReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[32]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use SaveReply.ProtoReflect.Descriptor instead.
func (*SaveReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{32}
}

func (x *SaveReply) GetPiece() []byte {
	if x != nil {
		return x.Piece
	}
	return nil
}

func (x *SaveReply) GetSize() uint64 {
	if x != nil {
		return x.Size
	}
	return 0
}

// Restore: to an optimizer that saves and was opened for the same run, before its first step. One
// piece of at most 61440 bytes of what Save gave; pieces come in order, and that which completes
// size bytes restores the state (one empty piece where size is 0). A state that is not this
// optimizer's is an Error.
type Restore struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Piece         []byte                 `protobuf:"bytes,1,opt,name=piece,proto3" json:"piece,omitempty"`
	Size          uint64                 `protobuf:"varint,2,opt,name=size,proto3" json:"size,omitempty"` // of the whole state, in bytes
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Restore) Reset() {
	*x = Restore{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[33]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Restore) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Restore) ProtoMessage() {}

func (x *Restore) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[33]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Restore.ProtoReflect.Descriptor instead.
func (*Restore) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{33}
}

func (x *Restore) GetPiece() []byte {
	if x != nil {
		return x.Piece
	}
	return nil
}

func (x *Restore) GetSize() uint64 {
	if x != nil {
		return x.Size
	}
	return 0
}

type RestoreReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *RestoreReply) Reset() {
	*x = RestoreReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[34]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *RestoreReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*RestoreReply) ProtoMessage() {}

func (x *RestoreReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[34]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use RestoreReply.ProtoReflect.Descriptor instead.
func (*RestoreReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{34}
}

// Close: the run has ended.
type Close struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Close) Reset() {
	*x = Close{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[35]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Close) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Close) ProtoMessage() {}

func (x *Close) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[35]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Close.ProtoReflect.Descriptor instead.
func (*Close) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{35}
}

type CloseReply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *CloseReply) Reset() {
	*x = CloseReply{}
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[36]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *CloseReply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*CloseReply) ProtoMessage() {}

func (x *CloseReply) ProtoReflect() protoreflect.Message {
	mi := &file_noisebench_v1_noisebench_proto_msgTypes[36]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use CloseReply.ProtoReflect.Descriptor instead.
func (*CloseReply) Descriptor() ([]byte, []int) {
	return file_noisebench_v1_noisebench_proto_rawDescGZIP(), []int{36}
}

var File_noisebench_v1_noisebench_proto protoreflect.FileDescriptor

const file_noisebench_v1_noisebench_proto_rawDesc = "" +
	"\n" +
	"\x1enoisebench/v1/noisebench.proto\x12\rnoisebench.v1\"S\n" +
	"\x05Error\x12\x12\n" +
	"\x04text\x18\x01 \x01(\tR\x04text\x12 \n" +
	"\vunsupported\x18\x02 \x01(\bR\vunsupported\x12\x14\n" +
	"\x05panic\x18\x03 \x01(\bR\x05panic\"2\n" +
	"\x06Region\x12\x0e\n" +
	"\x02id\x18\x01 \x01(\x04R\x02id\x12\x12\n" +
	"\x04size\x18\x03 \x01(\x04R\x04sizeJ\x04\b\x02\x10\x03\"c\n" +
	"\x0fDescribeRequest\x12+\n" +
	"\x05probe\x18\x01 \x01(\v2\x15.noisebench.v1.RegionR\x05probe\x12#\n" +
	"\rprobe_content\x18\x02 \x01(\fR\fprobeContent\"\xd8\x01\n" +
	"\rDescribeReply\x128\n" +
	"\n" +
	"optimizers\x18\x01 \x03(\v2\x18.noisebench.v1.OptimizerR\n" +
	"optimizers\x122\n" +
	"\bproblems\x18\x02 \x03(\v2\x16.noisebench.v1.ProblemR\bproblems\x12=\n" +
	"\fcapabilities\x18\x03 \x03(\x0e2\x19.noisebench.v1.CapabilityR\fcapabilities\x12\x1a\n" +
	"\bsessions\x18\x04 \x01(\rR\bsessions\"\x96\x02\n" +
	"\x0eHyperparameter\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x10\n" +
	"\x03doc\x18\x02 \x01(\tR\x03doc\x12\x18\n" +
	"\adefault\x18\x03 \x01(\x01R\adefault\x12\x10\n" +
	"\x03min\x18\x04 \x01(\x01R\x03min\x12\x10\n" +
	"\x03max\x18\x05 \x01(\x01R\x03max\x12\x19\n" +
	"\bmin_open\x18\x06 \x01(\bR\aminOpen\x12\x19\n" +
	"\bmax_open\x18\a \x01(\bR\amaxOpen\x12\x18\n" +
	"\ainteger\x18\b \x01(\bR\ainteger\x12\x14\n" +
	"\x05tuned\x18\t \x01(\bR\x05tuned\x12\x12\n" +
	"\x04grid\x18\n" +
	" \x03(\x01R\x04grid\x12\x10\n" +
	"\x03log\x18\v \x01(\bR\x03log\x12\x14\n" +
	"\x05later\x18\f \x01(\bR\x05later\"\xc6\x04\n" +
	"\tOptimizer\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x18\n" +
	"\aversion\x18\x02 \x01(\tR\aversion\x12\x10\n" +
	"\x03doc\x18\x03 \x01(\tR\x03doc\x12\x16\n" +
	"\x06source\x18\x04 \x01(\tR\x06source\x12G\n" +
	"\x0fhyperparameters\x18\x05 \x03(\v2\x1d.noisebench.v1.HyperparameterR\x0fhyperparameters\x12\x14\n" +
	"\x05needs\x18\x06 \x01(\rR\x05needs\x12,\n" +
	"\x12chooses_batch_size\x18\a \x01(\bR\x10choosesBatchSize\x12\x1a\n" +
	"\baverages\x18\b \x01(\bR\baverages\x12\x18\n" +
	"\areports\x18\t \x03(\tR\areports\x12,\n" +
	"\x06dtypes\x18\n" +
	" \x03(\x0e2\x14.noisebench.v1.DTypeR\x06dtypes\x12\x16\n" +
	"\x06trials\x18\v \x01(\bR\x06trials\x12\x14\n" +
	"\x05saves\x18\f \x01(\bR\x05saves\x12\x16\n" +
	"\x06digest\x18\r \x01(\tR\x06digest\x12K\n" +
	"\venvironment\x18\x0e \x03(\v2).noisebench.v1.Optimizer.EnvironmentEntryR\venvironment\x12\x1d\n" +
	"\n" +
	"full_batch\x18\x0f \x01(\bR\tfullBatch\x1a>\n" +
	"\x10EnvironmentEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\tR\x05value:\x028\x01\"\xf1\x02\n" +
	"\aProblem\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x18\n" +
	"\aversion\x18\x02 \x01(\tR\aversion\x12\x10\n" +
	"\x03doc\x18\x03 \x01(\tR\x03doc\x12\x16\n" +
	"\x06source\x18\x04 \x01(\tR\x06source\x12=\n" +
	"\n" +
	"parameters\x18\x05 \x03(\v2\x1d.noisebench.v1.HyperparameterR\n" +
	"parameters\x12,\n" +
	"\x06dtypes\x18\x06 \x03(\x0e2\x14.noisebench.v1.DTypeR\x06dtypes\x12\x16\n" +
	"\x06digest\x18\a \x01(\tR\x06digest\x12I\n" +
	"\venvironment\x18\b \x03(\v2'.noisebench.v1.Problem.EnvironmentEntryR\venvironment\x1a>\n" +
	"\x10EnvironmentEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\tR\x05value:\x028\x01\"\xa6\x01\n" +
	"\vSpecRequest\x12\x18\n" +
	"\aproblem\x18\x01 \x01(\tR\aproblem\x12A\n" +
	"\asetting\x18\x02 \x03(\v2'.noisebench.v1.SpecRequest.SettingEntryR\asetting\x1a:\n" +
	"\fSettingEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"`\n" +
	"\tSpecReply\x12*\n" +
	"\x05error\x18\x01 \x01(\v2\x14.noisebench.v1.ErrorR\x05error\x12'\n" +
	"\x04spec\x18\x02 \x01(\v2\x13.noisebench.v1.SpecR\x04spec\"\xaa\x04\n" +
	"\x04Spec\x12\x10\n" +
	"\x03dim\x18\x01 \x01(\x04R\x03dim\x12*\n" +
	"\x05dtype\x18\x02 \x01(\x0e2\x14.noisebench.v1.DTypeR\x05dtype\x12\x14\n" +
	"\x05train\x18\x03 \x01(\x04R\x05train\x12\x1e\n" +
	"\n" +
	"validation\x18\x04 \x01(\x04R\n" +
	"validation\x12\x12\n" +
	"\x04test\x18\x05 \x01(\x04R\x04test\x12\x1a\n" +
	"\bmeasures\x18\x06 \x01(\rR\bmeasures\x12\x16\n" +
	"\x06metric\x18\a \x01(\tR\x06metric\x12#\n" +
	"\rhigher_better\x18\b \x01(\bR\fhigherBetter\x12\x1d\n" +
	"\n" +
	"batch_size\x18\t \x01(\x04R\tbatchSize\x12\x16\n" +
	"\x06budget\x18\n" +
	" \x01(\x03R\x06budget\x12/\n" +
	"\bschedule\x18\v \x03(\v2\x13.noisebench.v1.DropR\bschedule\x12,\n" +
	"\x06blocks\x18\f \x03(\v2\x14.noisebench.v1.BlockR\x06blocks\x12+\n" +
	"\x04data\x18\r \x03(\v2\x17.noisebench.v1.DataFileR\x04data\x12@\n" +
	"\tconstants\x18\x0e \x03(\v2\".noisebench.v1.Spec.ConstantsEntryR\tconstants\x1a<\n" +
	"\x0eConstantsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\".\n" +
	"\x04Drop\x12\x0e\n" +
	"\x02at\x18\x01 \x01(\x01R\x02at\x12\x16\n" +
	"\x06factor\x18\x02 \x01(\x01R\x06factor\"\x87\x01\n" +
	"\x05Block\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x16\n" +
	"\x06offset\x18\x02 \x01(\x04R\x06offset\x12\x10\n" +
	"\x03len\x18\x03 \x01(\x04R\x03len\x12\x14\n" +
	"\x05shape\x18\x04 \x03(\x04R\x05shape\x12\x16\n" +
	"\x06output\x18\x05 \x01(\x04R\x06output\x12\x12\n" +
	"\x04role\x18\x06 \x01(\tR\x04role\"6\n" +
	"\bDataFile\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x16\n" +
	"\x06sha256\x18\x02 \x01(\tR\x06sha256\"\xc3\x02\n" +
	"\vOpenRequest\x12*\n" +
	"\x05dtype\x18\x01 \x01(\x0e2\x14.noisebench.v1.DTypeR\x05dtype\x12A\n" +
	"\asetting\x18\x02 \x03(\v2'.noisebench.v1.OpenRequest.SettingEntryR\asetting\x12\x1a\n" +
	"\aproblem\x18\x03 \x01(\tH\x00R\aproblem\x124\n" +
	"\toptimizer\x18\x04 \x01(\v2\x14.noisebench.v1.StartH\x00R\toptimizer\x12/\n" +
	"\amailbox\x18\x05 \x01(\v2\x15.noisebench.v1.RegionR\amailbox\x1a:\n" +
	"\fSettingEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01B\x06\n" +
	"\x04what\"\xbd\x02\n" +
	"\x05Start\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x10\n" +
	"\x03dim\x18\x02 \x01(\x04R\x03dim\x12,\n" +
	"\x06blocks\x18\x03 \x03(\v2\x14.noisebench.v1.BlockR\x06blocks\x12\x1d\n" +
	"\n" +
	"batch_size\x18\x04 \x01(\x04R\tbatchSize\x12\x14\n" +
	"\x05train\x18\x05 \x01(\x04R\x05train\x12\x16\n" +
	"\x06budget\x18\x06 \x01(\x03R\x06budget\x12\x12\n" +
	"\x04seed\x18\a \x01(\x04R\x04seed\x12A\n" +
	"\tconstants\x18\b \x03(\v2#.noisebench.v1.Start.ConstantsEntryR\tconstants\x1a<\n" +
	"\x0eConstantsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"\x95\x01\n" +
	"\tOpenReply\x12*\n" +
	"\x05error\x18\x01 \x01(\v2\x14.noisebench.v1.ErrorR\x05error\x12\x18\n" +
	"\asession\x18\x02 \x01(\x04R\asession\x12\x10\n" +
	"\x03dim\x18\x03 \x01(\x04R\x03dim\x120\n" +
	"\arequest\x18\x04 \x01(\v2\x16.noisebench.v1.RequestR\arequest\"f\n" +
	"\aRequest\x12\x1d\n" +
	"\n" +
	"batch_size\x18\x01 \x01(\x04R\tbatchSize\x12\x12\n" +
	"\x04draw\x18\x02 \x01(\rR\x04draw\x12\x12\n" +
	"\x04want\x18\x03 \x01(\rR\x04want\x12\x14\n" +
	"\x05trial\x18\x04 \x01(\bR\x05trial\"~\n" +
	"\x06Vector\x12\x16\n" +
	"\x06inline\x18\x01 \x01(\fR\x06inline\x12\x16\n" +
	"\x06region\x18\x02 \x01(\x04R\x06region\x12\x16\n" +
	"\x06offset\x18\x03 \x01(\x04R\x06offset\x12\x12\n" +
	"\x04size\x18\x04 \x01(\x04R\x04size\x12\x18\n" +
	"\achunked\x18\x05 \x01(\x04R\achunked\"\x1b\n" +
	"\x05Chunk\x12\x12\n" +
	"\x04data\x18\x01 \x01(\fR\x04data\"\x8c\x04\n" +
	"\x04Call\x12\x18\n" +
	"\asession\x18\x01 \x01(\x04R\asession\x12/\n" +
	"\aregions\x18\x02 \x03(\v2\x15.noisebench.v1.RegionR\aregions\x12)\n" +
	"\x04init\x18\x03 \x01(\v2\x13.noisebench.v1.InitH\x00R\x04init\x122\n" +
	"\ameasure\x18\x04 \x01(\v2\x16.noisebench.v1.MeasureH\x00R\ameasure\x125\n" +
	"\bevaluate\x18\x05 \x01(\v2\x17.noisebench.v1.EvaluateH\x00R\bevaluate\x12)\n" +
	"\x04step\x18\x06 \x01(\v2\x13.noisebench.v1.StepH\x00R\x04step\x125\n" +
	"\bestimate\x18\a \x01(\v2\x17.noisebench.v1.EstimateH\x00R\bestimate\x12,\n" +
	"\x05close\x18\b \x01(\v2\x14.noisebench.v1.CloseH\x00R\x05close\x12)\n" +
	"\x04save\x18\t \x01(\v2\x13.noisebench.v1.SaveH\x00R\x04save\x122\n" +
	"\arestore\x18\n" +
	" \x01(\v2\x16.noisebench.v1.RestoreH\x00R\arestore\x12,\n" +
	"\x05chunk\x18\x0f \x01(\v2\x14.noisebench.v1.ChunkH\x00R\x05chunkB\x06\n" +
	"\x04call\"\x97\x04\n" +
	"\x05Reply\x12*\n" +
	"\x05error\x18\x01 \x01(\v2\x14.noisebench.v1.ErrorR\x05error\x12.\n" +
	"\x04init\x18\x02 \x01(\v2\x18.noisebench.v1.InitReplyH\x00R\x04init\x127\n" +
	"\ameasure\x18\x03 \x01(\v2\x1b.noisebench.v1.MeasureReplyH\x00R\ameasure\x12:\n" +
	"\bevaluate\x18\x04 \x01(\v2\x1c.noisebench.v1.EvaluateReplyH\x00R\bevaluate\x12.\n" +
	"\x04step\x18\x05 \x01(\v2\x18.noisebench.v1.StepReplyH\x00R\x04step\x12:\n" +
	"\bestimate\x18\x06 \x01(\v2\x1c.noisebench.v1.EstimateReplyH\x00R\bestimate\x121\n" +
	"\x05close\x18\a \x01(\v2\x19.noisebench.v1.CloseReplyH\x00R\x05close\x12.\n" +
	"\x04save\x18\b \x01(\v2\x18.noisebench.v1.SaveReplyH\x00R\x04save\x127\n" +
	"\arestore\x18\t \x01(\v2\x1b.noisebench.v1.RestoreReplyH\x00R\arestore\x12,\n" +
	"\x05chunk\x18\x0f \x01(\v2\x14.noisebench.v1.ChunkH\x00R\x05chunkB\a\n" +
	"\x05reply\"?\n" +
	"\x04Init\x12\x12\n" +
	"\x04seed\x18\x01 \x01(\x04R\x04seed\x12#\n" +
	"\x01x\x18\x02 \x01(\v2\x15.noisebench.v1.VectorR\x01x\"\x19\n" +
	"\tInitReply\x12\f\n" +
	"\x01x\x18\x01 \x01(\fR\x01x\"\xb6\x02\n" +
	"\aMeasure\x12#\n" +
	"\x01x\x18\x01 \x01(\v2\x15.noisebench.v1.VectorR\x01x\x121\n" +
	"\bexamples\x18\x02 \x01(\v2\x15.noisebench.v1.VectorR\bexamples\x12\x12\n" +
	"\x04seed\x18\x03 \x01(\x04R\x04seed\x12\x1a\n" +
	"\bposition\x18\x04 \x01(\x03R\bposition\x12\x12\n" +
	"\x04want\x18\x05 \x01(\rR\x04want\x121\n" +
	"\bgradient\x18\x06 \x01(\v2\x15.noisebench.v1.VectorR\bgradient\x121\n" +
	"\bvariance\x18\a \x01(\v2\x15.noisebench.v1.VectorR\bvariance\x12)\n" +
	"\x04more\x18\b \x03(\v2\x15.noisebench.v1.VectorR\x04more\"\xe0\x01\n" +
	"\fMeasureReply\x12\x12\n" +
	"\x04have\x18\x01 \x01(\rR\x04have\x12\x1d\n" +
	"\n" +
	"batch_size\x18\x02 \x01(\x04R\tbatchSize\x12\x12\n" +
	"\x04loss\x18\x03 \x01(\x01R\x04loss\x12#\n" +
	"\rvariance_norm\x18\x04 \x01(\x01R\fvarianceNorm\x12\x1a\n" +
	"\bgradient\x18\x05 \x01(\fR\bgradient\x12\x1a\n" +
	"\bvariance\x18\x06 \x01(\fR\bvariance\x12\x12\n" +
	"\x04more\x18\a \x03(\fR\x04more\x12\x18\n" +
	"\aseconds\x18\b \x01(\x01R\aseconds\"C\n" +
	"\bEvaluate\x12#\n" +
	"\x01x\x18\x01 \x01(\v2\x15.noisebench.v1.VectorR\x01x\x12\x12\n" +
	"\x04part\x18\x02 \x01(\tR\x04part\";\n" +
	"\rEvaluateReply\x12\x12\n" +
	"\x04loss\x18\x01 \x01(\x01R\x04loss\x12\x16\n" +
	"\x06metric\x18\x02 \x01(\x01R\x06metric\"\xef\x02\n" +
	"\x04Step\x12#\n" +
	"\x01x\x18\x01 \x01(\v2\x15.noisebench.v1.VectorR\x01x\x12\x12\n" +
	"\x04have\x18\x02 \x01(\rR\x04have\x12\x1d\n" +
	"\n" +
	"batch_size\x18\x03 \x01(\x04R\tbatchSize\x12\x12\n" +
	"\x04loss\x18\x04 \x01(\x01R\x04loss\x121\n" +
	"\bgradient\x18\x05 \x01(\v2\x15.noisebench.v1.VectorR\bgradient\x12#\n" +
	"\rvariance_norm\x18\x06 \x01(\x01R\fvarianceNorm\x121\n" +
	"\bvariance\x18\a \x01(\v2\x15.noisebench.v1.VectorR\bvariance\x12\x12\n" +
	"\x04step\x18\b \x01(\x04R\x04step\x12\x12\n" +
	"\x04seen\x18\t \x01(\x03R\x04seen\x12\x1d\n" +
	"\n" +
	"step_scale\x18\n" +
	" \x01(\x01R\tstepScale\x12)\n" +
	"\x04more\x18\v \x03(\v2\x15.noisebench.v1.VectorR\x04more\"\x7f\n" +
	"\tStepReply\x120\n" +
	"\arequest\x18\x01 \x01(\v2\x16.noisebench.v1.RequestR\arequest\x12\x18\n" +
	"\areports\x18\x02 \x03(\x01R\areports\x12\f\n" +
	"\x01x\x18\x03 \x01(\fR\x01x\x12\x18\n" +
	"\aseconds\x18\x04 \x01(\x01R\aseconds\"X\n" +
	"\bEstimate\x12#\n" +
	"\x01x\x18\x01 \x01(\v2\x15.noisebench.v1.VectorR\x01x\x12'\n" +
	"\x03out\x18\x02 \x01(\v2\x15.noisebench.v1.VectorR\x03out\"!\n" +
	"\rEstimateReply\x12\x10\n" +
	"\x03out\x18\x01 \x01(\fR\x03out\"\x1e\n" +
	"\x04Save\x12\x16\n" +
	"\x06offset\x18\x01 \x01(\x04R\x06offset\"5\n" +
	"\tSaveReply\x12\x14\n" +
	"\x05piece\x18\x01 \x01(\fR\x05piece\x12\x12\n" +
	"\x04size\x18\x02 \x01(\x04R\x04size\"3\n" +
	"\aRestore\x12\x14\n" +
	"\x05piece\x18\x01 \x01(\fR\x05piece\x12\x12\n" +
	"\x04size\x18\x02 \x01(\x04R\x04size\"\x0e\n" +
	"\fRestoreReply\"\a\n" +
	"\x05Close\"\f\n" +
	"\n" +
	"CloseReply*D\n" +
	"\x05DType\x12\x15\n" +
	"\x11DTYPE_UNSPECIFIED\x10\x00\x12\x11\n" +
	"\rDTYPE_FLOAT32\x10\x01\x12\x11\n" +
	"\rDTYPE_FLOAT64\x10\x02*o\n" +
	"\n" +
	"Capability\x12\x1a\n" +
	"\x16CAPABILITY_UNSPECIFIED\x10\x00\x12\x15\n" +
	"\x11CAPABILITY_MEMORY\x10\x01\x12\x17\n" +
	"\x13CAPABILITY_DOORBELL\x10\x02\x12\x15\n" +
	"\x11CAPABILITY_CHUNKS\x10\x032\x88\x02\n" +
	"\x06Plugin\x12H\n" +
	"\bDescribe\x12\x1e.noisebench.v1.DescribeRequest\x1a\x1c.noisebench.v1.DescribeReply\x12<\n" +
	"\x04Spec\x12\x1a.noisebench.v1.SpecRequest\x1a\x18.noisebench.v1.SpecReply\x12<\n" +
	"\x04Open\x12\x1a.noisebench.v1.OpenRequest\x1a\x18.noisebench.v1.OpenReply\x128\n" +
	"\aSession\x12\x13.noisebench.v1.Call\x1a\x14.noisebench.v1.Reply(\x010\x01B/Z-noisebench/plugins/internal/wire/noisebenchv1b\x06proto3"

var (
	file_noisebench_v1_noisebench_proto_rawDescOnce sync.Once
	file_noisebench_v1_noisebench_proto_rawDescData []byte
)

func file_noisebench_v1_noisebench_proto_rawDescGZIP() []byte {
	file_noisebench_v1_noisebench_proto_rawDescOnce.Do(func() {
		file_noisebench_v1_noisebench_proto_rawDescData = protoimpl.X.CompressGZIP(unsafe.Slice(unsafe.StringData(file_noisebench_v1_noisebench_proto_rawDesc), len(file_noisebench_v1_noisebench_proto_rawDesc)))
	})
	return file_noisebench_v1_noisebench_proto_rawDescData
}

var file_noisebench_v1_noisebench_proto_enumTypes = make([]protoimpl.EnumInfo, 2)
var file_noisebench_v1_noisebench_proto_msgTypes = make([]protoimpl.MessageInfo, 43)
var file_noisebench_v1_noisebench_proto_goTypes = []any{
	(DType)(0),              // 0: noisebench.v1.DType
	(Capability)(0),         // 1: noisebench.v1.Capability
	(*Error)(nil),           // 2: noisebench.v1.Error
	(*Region)(nil),          // 3: noisebench.v1.Region
	(*DescribeRequest)(nil), // 4: noisebench.v1.DescribeRequest
	(*DescribeReply)(nil),   // 5: noisebench.v1.DescribeReply
	(*Hyperparameter)(nil),  // 6: noisebench.v1.Hyperparameter
	(*Optimizer)(nil),       // 7: noisebench.v1.Optimizer
	(*Problem)(nil),         // 8: noisebench.v1.Problem
	(*SpecRequest)(nil),     // 9: noisebench.v1.SpecRequest
	(*SpecReply)(nil),       // 10: noisebench.v1.SpecReply
	(*Spec)(nil),            // 11: noisebench.v1.Spec
	(*Drop)(nil),            // 12: noisebench.v1.Drop
	(*Block)(nil),           // 13: noisebench.v1.Block
	(*DataFile)(nil),        // 14: noisebench.v1.DataFile
	(*OpenRequest)(nil),     // 15: noisebench.v1.OpenRequest
	(*Start)(nil),           // 16: noisebench.v1.Start
	(*OpenReply)(nil),       // 17: noisebench.v1.OpenReply
	(*Request)(nil),         // 18: noisebench.v1.Request
	(*Vector)(nil),          // 19: noisebench.v1.Vector
	(*Chunk)(nil),           // 20: noisebench.v1.Chunk
	(*Call)(nil),            // 21: noisebench.v1.Call
	(*Reply)(nil),           // 22: noisebench.v1.Reply
	(*Init)(nil),            // 23: noisebench.v1.Init
	(*InitReply)(nil),       // 24: noisebench.v1.InitReply
	(*Measure)(nil),         // 25: noisebench.v1.Measure
	(*MeasureReply)(nil),    // 26: noisebench.v1.MeasureReply
	(*Evaluate)(nil),        // 27: noisebench.v1.Evaluate
	(*EvaluateReply)(nil),   // 28: noisebench.v1.EvaluateReply
	(*Step)(nil),            // 29: noisebench.v1.Step
	(*StepReply)(nil),       // 30: noisebench.v1.StepReply
	(*Estimate)(nil),        // 31: noisebench.v1.Estimate
	(*EstimateReply)(nil),   // 32: noisebench.v1.EstimateReply
	(*Save)(nil),            // 33: noisebench.v1.Save
	(*SaveReply)(nil),       // 34: noisebench.v1.SaveReply
	(*Restore)(nil),         // 35: noisebench.v1.Restore
	(*RestoreReply)(nil),    // 36: noisebench.v1.RestoreReply
	(*Close)(nil),           // 37: noisebench.v1.Close
	(*CloseReply)(nil),      // 38: noisebench.v1.CloseReply
	nil,                     // 39: noisebench.v1.Optimizer.EnvironmentEntry
	nil,                     // 40: noisebench.v1.Problem.EnvironmentEntry
	nil,                     // 41: noisebench.v1.SpecRequest.SettingEntry
	nil,                     // 42: noisebench.v1.Spec.ConstantsEntry
	nil,                     // 43: noisebench.v1.OpenRequest.SettingEntry
	nil,                     // 44: noisebench.v1.Start.ConstantsEntry
}
var file_noisebench_v1_noisebench_proto_depIdxs = []int32{
	3,  // 0: noisebench.v1.DescribeRequest.probe:type_name -> noisebench.v1.Region
	7,  // 1: noisebench.v1.DescribeReply.optimizers:type_name -> noisebench.v1.Optimizer
	8,  // 2: noisebench.v1.DescribeReply.problems:type_name -> noisebench.v1.Problem
	1,  // 3: noisebench.v1.DescribeReply.capabilities:type_name -> noisebench.v1.Capability
	6,  // 4: noisebench.v1.Optimizer.hyperparameters:type_name -> noisebench.v1.Hyperparameter
	0,  // 5: noisebench.v1.Optimizer.dtypes:type_name -> noisebench.v1.DType
	39, // 6: noisebench.v1.Optimizer.environment:type_name -> noisebench.v1.Optimizer.EnvironmentEntry
	6,  // 7: noisebench.v1.Problem.parameters:type_name -> noisebench.v1.Hyperparameter
	0,  // 8: noisebench.v1.Problem.dtypes:type_name -> noisebench.v1.DType
	40, // 9: noisebench.v1.Problem.environment:type_name -> noisebench.v1.Problem.EnvironmentEntry
	41, // 10: noisebench.v1.SpecRequest.setting:type_name -> noisebench.v1.SpecRequest.SettingEntry
	2,  // 11: noisebench.v1.SpecReply.error:type_name -> noisebench.v1.Error
	11, // 12: noisebench.v1.SpecReply.spec:type_name -> noisebench.v1.Spec
	0,  // 13: noisebench.v1.Spec.dtype:type_name -> noisebench.v1.DType
	12, // 14: noisebench.v1.Spec.schedule:type_name -> noisebench.v1.Drop
	13, // 15: noisebench.v1.Spec.blocks:type_name -> noisebench.v1.Block
	14, // 16: noisebench.v1.Spec.data:type_name -> noisebench.v1.DataFile
	42, // 17: noisebench.v1.Spec.constants:type_name -> noisebench.v1.Spec.ConstantsEntry
	0,  // 18: noisebench.v1.OpenRequest.dtype:type_name -> noisebench.v1.DType
	43, // 19: noisebench.v1.OpenRequest.setting:type_name -> noisebench.v1.OpenRequest.SettingEntry
	16, // 20: noisebench.v1.OpenRequest.optimizer:type_name -> noisebench.v1.Start
	3,  // 21: noisebench.v1.OpenRequest.mailbox:type_name -> noisebench.v1.Region
	13, // 22: noisebench.v1.Start.blocks:type_name -> noisebench.v1.Block
	44, // 23: noisebench.v1.Start.constants:type_name -> noisebench.v1.Start.ConstantsEntry
	2,  // 24: noisebench.v1.OpenReply.error:type_name -> noisebench.v1.Error
	18, // 25: noisebench.v1.OpenReply.request:type_name -> noisebench.v1.Request
	3,  // 26: noisebench.v1.Call.regions:type_name -> noisebench.v1.Region
	23, // 27: noisebench.v1.Call.init:type_name -> noisebench.v1.Init
	25, // 28: noisebench.v1.Call.measure:type_name -> noisebench.v1.Measure
	27, // 29: noisebench.v1.Call.evaluate:type_name -> noisebench.v1.Evaluate
	29, // 30: noisebench.v1.Call.step:type_name -> noisebench.v1.Step
	31, // 31: noisebench.v1.Call.estimate:type_name -> noisebench.v1.Estimate
	37, // 32: noisebench.v1.Call.close:type_name -> noisebench.v1.Close
	33, // 33: noisebench.v1.Call.save:type_name -> noisebench.v1.Save
	35, // 34: noisebench.v1.Call.restore:type_name -> noisebench.v1.Restore
	20, // 35: noisebench.v1.Call.chunk:type_name -> noisebench.v1.Chunk
	2,  // 36: noisebench.v1.Reply.error:type_name -> noisebench.v1.Error
	24, // 37: noisebench.v1.Reply.init:type_name -> noisebench.v1.InitReply
	26, // 38: noisebench.v1.Reply.measure:type_name -> noisebench.v1.MeasureReply
	28, // 39: noisebench.v1.Reply.evaluate:type_name -> noisebench.v1.EvaluateReply
	30, // 40: noisebench.v1.Reply.step:type_name -> noisebench.v1.StepReply
	32, // 41: noisebench.v1.Reply.estimate:type_name -> noisebench.v1.EstimateReply
	38, // 42: noisebench.v1.Reply.close:type_name -> noisebench.v1.CloseReply
	34, // 43: noisebench.v1.Reply.save:type_name -> noisebench.v1.SaveReply
	36, // 44: noisebench.v1.Reply.restore:type_name -> noisebench.v1.RestoreReply
	20, // 45: noisebench.v1.Reply.chunk:type_name -> noisebench.v1.Chunk
	19, // 46: noisebench.v1.Init.x:type_name -> noisebench.v1.Vector
	19, // 47: noisebench.v1.Measure.x:type_name -> noisebench.v1.Vector
	19, // 48: noisebench.v1.Measure.examples:type_name -> noisebench.v1.Vector
	19, // 49: noisebench.v1.Measure.gradient:type_name -> noisebench.v1.Vector
	19, // 50: noisebench.v1.Measure.variance:type_name -> noisebench.v1.Vector
	19, // 51: noisebench.v1.Measure.more:type_name -> noisebench.v1.Vector
	19, // 52: noisebench.v1.Evaluate.x:type_name -> noisebench.v1.Vector
	19, // 53: noisebench.v1.Step.x:type_name -> noisebench.v1.Vector
	19, // 54: noisebench.v1.Step.gradient:type_name -> noisebench.v1.Vector
	19, // 55: noisebench.v1.Step.variance:type_name -> noisebench.v1.Vector
	19, // 56: noisebench.v1.Step.more:type_name -> noisebench.v1.Vector
	18, // 57: noisebench.v1.StepReply.request:type_name -> noisebench.v1.Request
	19, // 58: noisebench.v1.Estimate.x:type_name -> noisebench.v1.Vector
	19, // 59: noisebench.v1.Estimate.out:type_name -> noisebench.v1.Vector
	4,  // 60: noisebench.v1.Plugin.Describe:input_type -> noisebench.v1.DescribeRequest
	9,  // 61: noisebench.v1.Plugin.Spec:input_type -> noisebench.v1.SpecRequest
	15, // 62: noisebench.v1.Plugin.Open:input_type -> noisebench.v1.OpenRequest
	21, // 63: noisebench.v1.Plugin.Session:input_type -> noisebench.v1.Call
	5,  // 64: noisebench.v1.Plugin.Describe:output_type -> noisebench.v1.DescribeReply
	10, // 65: noisebench.v1.Plugin.Spec:output_type -> noisebench.v1.SpecReply
	17, // 66: noisebench.v1.Plugin.Open:output_type -> noisebench.v1.OpenReply
	22, // 67: noisebench.v1.Plugin.Session:output_type -> noisebench.v1.Reply
	64, // [64:68] is the sub-list for method output_type
	60, // [60:64] is the sub-list for method input_type
	60, // [60:60] is the sub-list for extension type_name
	60, // [60:60] is the sub-list for extension extendee
	0,  // [0:60] is the sub-list for field type_name
}

func init() { file_noisebench_v1_noisebench_proto_init() }
func file_noisebench_v1_noisebench_proto_init() {
	if File_noisebench_v1_noisebench_proto != nil {
		return
	}
	file_noisebench_v1_noisebench_proto_msgTypes[13].OneofWrappers = []any{
		(*OpenRequest_Problem)(nil),
		(*OpenRequest_Optimizer)(nil),
	}
	file_noisebench_v1_noisebench_proto_msgTypes[19].OneofWrappers = []any{
		(*Call_Init)(nil),
		(*Call_Measure)(nil),
		(*Call_Evaluate)(nil),
		(*Call_Step)(nil),
		(*Call_Estimate)(nil),
		(*Call_Close)(nil),
		(*Call_Save)(nil),
		(*Call_Restore)(nil),
		(*Call_Chunk)(nil),
	}
	file_noisebench_v1_noisebench_proto_msgTypes[20].OneofWrappers = []any{
		(*Reply_Init)(nil),
		(*Reply_Measure)(nil),
		(*Reply_Evaluate)(nil),
		(*Reply_Step)(nil),
		(*Reply_Estimate)(nil),
		(*Reply_Close)(nil),
		(*Reply_Save)(nil),
		(*Reply_Restore)(nil),
		(*Reply_Chunk)(nil),
	}
	type x struct{}
	out := protoimpl.TypeBuilder{
		File: protoimpl.DescBuilder{
			GoPackagePath: reflect.TypeOf(x{}).PkgPath(),
			RawDescriptor: unsafe.Slice(unsafe.StringData(file_noisebench_v1_noisebench_proto_rawDesc), len(file_noisebench_v1_noisebench_proto_rawDesc)),
			NumEnums:      2,
			NumMessages:   43,
			NumExtensions: 0,
			NumServices:   1,
		},
		GoTypes:           file_noisebench_v1_noisebench_proto_goTypes,
		DependencyIndexes: file_noisebench_v1_noisebench_proto_depIdxs,
		EnumInfos:         file_noisebench_v1_noisebench_proto_enumTypes,
		MessageInfos:      file_noisebench_v1_noisebench_proto_msgTypes,
	}.Build()
	File_noisebench_v1_noisebench_proto = out.File
	file_noisebench_v1_noisebench_proto_goTypes = nil
	file_noisebench_v1_noisebench_proto_depIdxs = nil
}
