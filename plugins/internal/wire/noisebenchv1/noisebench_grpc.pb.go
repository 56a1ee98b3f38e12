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

// Code generated by protoc-gen-go-grpc. DO NOT EDIT.
// versions:
// - protoc-gen-go-grpc v1.6.2
// - protoc             v3.21.12
// source: noisebench/v1/noisebench.proto

package noisebenchv1

import (
	context "context"
	grpc "google.golang.org/grpc"
	codes "google.golang.org/grpc/codes"
	status "google.golang.org/grpc/status"
)

// This is a compile-time assertion to ensure that this generated file
// is compatible with the grpc package it is being compiled against.
// Requires gRPC-Go v1.64.0 or later.
const _ = grpc.SupportPackageIsVersion9

const (
	Plugin_Describe_FullMethodName = "/noisebench.v1.Plugin/Describe"
	Plugin_Spec_FullMethodName     = "/noisebench.v1.Plugin/Spec"
	Plugin_Open_FullMethodName     = "/noisebench.v1.Plugin/Open"
	Plugin_Session_FullMethodName  = "/noisebench.v1.Plugin/Session"
)

// PluginClient is the client API for Plugin service.
//
// For semantics around ctx use and closing/ending streaming RPCs, please refer to https://pkg.go.dev/google.golang.org/grpc/?tab=doc#ClientConn.NewStream.
type PluginClient interface {
	// Describe returns what the plugin serves and which capabilities it has.
	Describe(ctx context.Context, in *DescribeRequest, opts ...grpc.CallOption) (*DescribeReply, error)
	// Spec describes a problem at a complete setting of its parameters.
	Spec(ctx context.Context, in *SpecRequest, opts ...grpc.CallOption) (*SpecReply, error)
	// Open opens a problem or an optimizer for one run. It is fast once data are read: well under a
	// millisecond.
	Open(ctx context.Context, in *OpenRequest, opts ...grpc.CallOption) (*OpenReply, error)
	// Session carries the calls of one run, where no doorbell does.
	Session(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[Call, Reply], error)
}

type pluginClient struct {
	cc grpc.ClientConnInterface
}

func NewPluginClient(cc grpc.ClientConnInterface) PluginClient {
	return &pluginClient{cc}
}

func (c *pluginClient) Describe(ctx context.Context, in *DescribeRequest, opts ...grpc.CallOption) (*DescribeReply, error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	out := new(DescribeReply)
	err := c.cc.Invoke(ctx, Plugin_Describe_FullMethodName, in, out, cOpts...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *pluginClient) Spec(ctx context.Context, in *SpecRequest, opts ...grpc.CallOption) (*SpecReply, error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	out := new(SpecReply)
	err := c.cc.Invoke(ctx, Plugin_Spec_FullMethodName, in, out, cOpts...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *pluginClient) Open(ctx context.Context, in *OpenRequest, opts ...grpc.CallOption) (*OpenReply, error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	out := new(OpenReply)
	err := c.cc.Invoke(ctx, Plugin_Open_FullMethodName, in, out, cOpts...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *pluginClient) Session(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[Call, Reply], error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	stream, err := c.cc.NewStream(ctx, &Plugin_ServiceDesc.Streams[0], Plugin_Session_FullMethodName, cOpts...)
	if err != nil {
		return nil, err
	}
	x := &grpc.GenericClientStream[Call, Reply]{ClientStream: stream}
	return x, nil
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Plugin_SessionClient = grpc.BidiStreamingClient[Call, Reply]

// PluginServer is the server API for Plugin service.
// All implementations must embed UnimplementedPluginServer
// for forward compatibility.
type PluginServer interface {
	// Describe returns what the plugin serves and which capabilities it has.
	Describe(context.Context, *DescribeRequest) (*DescribeReply, error)
	// Spec describes a problem at a complete setting of its parameters.
	Spec(context.Context, *SpecRequest) (*SpecReply, error)
	// Open opens a problem or an optimizer for one run. It is fast once data are read: well under a
	// millisecond.
	Open(context.Context, *OpenRequest) (*OpenReply, error)
	// Session carries the calls of one run, where no doorbell does.
	Session(grpc.BidiStreamingServer[Call, Reply]) error
	mustEmbedUnimplementedPluginServer()
}

// UnimplementedPluginServer must be embedded to have
// forward compatible implementations.
//
// NOTE: this should be embedded by value instead of pointer to avoid a nil
// pointer dereference when methods are called.
type UnimplementedPluginServer struct{}

func (UnimplementedPluginServer) Describe(context.Context, *DescribeRequest) (*DescribeReply, error) {
	return nil, status.Error(codes.Unimplemented, "method Describe not implemented")
}
func (UnimplementedPluginServer) Spec(context.Context, *SpecRequest) (*SpecReply, error) {
	return nil, status.Error(codes.Unimplemented, "method Spec not implemented")
}
func (UnimplementedPluginServer) Open(context.Context, *OpenRequest) (*OpenReply, error) {
	return nil, status.Error(codes.Unimplemented, "method Open not implemented")
}
func (UnimplementedPluginServer) Session(grpc.BidiStreamingServer[Call, Reply]) error {
	return status.Error(codes.Unimplemented, "method Session not implemented")
}
func (UnimplementedPluginServer) mustEmbedUnimplementedPluginServer() {}
func (UnimplementedPluginServer) testEmbeddedByValue()                {}

// UnsafePluginServer may be embedded to opt out of forward compatibility for this service.
// Use of this interface is not recommended, as added methods to PluginServer will
// result in compilation errors.
type UnsafePluginServer interface {
	mustEmbedUnimplementedPluginServer()
}

func RegisterPluginServer(s grpc.ServiceRegistrar, srv PluginServer) {
	// If the following call panics, it indicates UnimplementedPluginServer was
	// embedded by pointer and is nil.  This will cause panics if an
	// unimplemented method is ever invoked, so we test this at initialization
	// time to prevent it from happening at runtime later due to I/O.
	if t, ok := srv.(interface{ testEmbeddedByValue() }); ok {
		t.testEmbeddedByValue()
	}
	s.RegisterService(&Plugin_ServiceDesc, srv)
}

func _Plugin_Describe_Handler(srv interface{}, ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := new(DescribeRequest)
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(PluginServer).Describe(ctx, in)
	}
	info := &grpc.UnaryServerInfo{
		Server:     srv,
		FullMethod: Plugin_Describe_FullMethodName,
	}
	handler := func(ctx context.Context, req interface{}) (interface{}, error) {
		return srv.(PluginServer).Describe(ctx, req.(*DescribeRequest))
	}
	return interceptor(ctx, in, info, handler)
}

func _Plugin_Spec_Handler(srv interface{}, ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := new(SpecRequest)
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(PluginServer).Spec(ctx, in)
	}
	info := &grpc.UnaryServerInfo{
		Server:     srv,
		FullMethod: Plugin_Spec_FullMethodName,
	}
	handler := func(ctx context.Context, req interface{}) (interface{}, error) {
		return srv.(PluginServer).Spec(ctx, req.(*SpecRequest))
	}
	return interceptor(ctx, in, info, handler)
}

func _Plugin_Open_Handler(srv interface{}, ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := new(OpenRequest)
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(PluginServer).Open(ctx, in)
	}
	info := &grpc.UnaryServerInfo{
		Server:     srv,
		FullMethod: Plugin_Open_FullMethodName,
	}
	handler := func(ctx context.Context, req interface{}) (interface{}, error) {
		return srv.(PluginServer).Open(ctx, req.(*OpenRequest))
	}
	return interceptor(ctx, in, info, handler)
}

func _Plugin_Session_Handler(srv interface{}, stream grpc.ServerStream) error {
	return srv.(PluginServer).Session(&grpc.GenericServerStream[Call, Reply]{ServerStream: stream})
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Plugin_SessionServer = grpc.BidiStreamingServer[Call, Reply]

// Plugin_ServiceDesc is the grpc.ServiceDesc for Plugin service.
// It's only intended for direct use with grpc.RegisterService,
// and not to be introspected or modified (even as a copy)
var Plugin_ServiceDesc = grpc.ServiceDesc{
	ServiceName: "noisebench.v1.Plugin",
	HandlerType: (*PluginServer)(nil),
	Methods: []grpc.MethodDesc{
		{
			MethodName: "Describe",
			Handler:    _Plugin_Describe_Handler,
		},
		{
			MethodName: "Spec",
			Handler:    _Plugin_Spec_Handler,
		},
		{
			MethodName: "Open",
			Handler:    _Plugin_Open_Handler,
		},
	},
	Streams: []grpc.StreamDesc{
		{
			StreamName:    "Session",
			Handler:       _Plugin_Session_Handler,
			ServerStreams: true,
			ClientStreams: true,
		},
	},
	Metadata: "noisebench/v1/noisebench.proto",
}
