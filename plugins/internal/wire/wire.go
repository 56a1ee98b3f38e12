// Package wire carries problems and optimizers between processes: processes and their end,
// handshake, messages, shared memory and doorbell. gRPC, go-plugin and the system calls end here.
// The contract is written down in protocol/noisebench/v1/noisebench.proto.
//
//	host:    Start → Process → Conn → OpenProblem, OpenOptimizer → values of package protocol
//	plugin:  Serve
//
// Transports of vectors and of calls are independent. A vector lies in the host's shared memory, if
// both sides can map that, or inside the message. A message travels through a mailbox in shared
// memory, if both sides can, or on a gRPC stream.
package wire

//go:generate sh -c "protoc -I ../../../protocol --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --plugin=protoc-gen-go-grpc=$(go tool -n protoc-gen-go-grpc) --go_out=../../.. --go_opt=module=noisebench --go-grpc_out=../../.. --go-grpc_opt=module=noisebench noisebench/v1/noisebench.proto"

import (
	"context"
	"math"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// The cookie tells a plugin that a host started it.
const (
	CookieKey   = "NOISEBENCH_PLUGIN"
	CookieValue = "ask-and-tell"
)

// descriptorsKey names the descriptor of the socket on which a plugin receives those of shared
// memory.
const descriptorsKey = "NOISEBENCH_DESCRIPTORS"

// MaxReports is the greatest number of values that an optimizer may report per step: they must fit
// into a mailbox.
const MaxReports = 256

// statePiece is how much of an optimizer's state one message carries, in bytes: it must fit into a
// mailbox, with its frame.
const statePiece = 60 << 10

const (
	maxMessage     = math.MaxInt32 // bytes; a message may carry several vectors
	maxDescription = 16 << 20      // bytes of an answer to Describe, Spec or Open
	// bytes; HTTP/2 flow control, so that a vector does not wait for acknowledgements
	windowSize    = 16 << 20
	maxErrorText  = 16 << 10 // bytes
	serviceInSet  = "noisebench"
	bufferedBytes = 256 << 10 // bytes read and written at once on a socket
)

// maxState is the greatest state of an optimizer of points of dim elements, in bytes: 256 vectors,
// or, where matrices are allowed, 4 of those, and a gigabyte for what has another size. More is a
// plugin's mistake.
func maxState(dim int) uint64 {
	n := uint64(dim)
	most := 1<<30 + 256*8*n
	if dim <= protocol.MaxMatrixDim {
		most += 4 * 8 * n * n
	}
	return most
}

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{MagicCookieKey: CookieKey, MagicCookieValue: CookieValue}
}

// pluginSets is what both sides hand to go-plugin: one service, under the contract's version.
func pluginSets(server noisebenchv1.PluginServer) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{protocol.Version: {serviceInSet: &service{server: server}}}
}

// service registers or reaches noisebenchv1.Plugin.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	server noisebenchv1.PluginServer
}

func (s *service) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	noisebenchv1.RegisterPluginServer(g, s.server)
	return nil
}

func (s *service) GRPCClient(
	_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn,
) (any, error) {
	return noisebenchv1.NewPluginClient(c), nil
}
