package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"noisebench/plugins/internal/wire"
	"noisebench/protocol"
)

// Plugin is one executable that serves optimizers and problems. Its definitions are as good as those of this process:
// they can be opened many times, and at the same time. A plugin that has ended (crashed, or was killed because it hung)
// is started again when one of them is used next; the runs that were open on it are lost.
type Plugin struct {
	Name       string
	Path       string // of the executable, absolute
	SHA256     string // of the executable, hexadecimal
	Optimizers []protocol.OptimizerDef
	Problems   []protocol.ProblemDef

	host *Host
	argv []string

	mu       sync.Mutex
	conn     *wire.Conn // nil before the first launch
	launched bool
}

// Transport says how the plugin is reached: the fastest way that it and the host's options allow.
func (p *Plugin) Transport() Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Transport(p.conn.Transport)
}

// ContractVersion says which version of the contract the plugin speaks.
func (p *Plugin) ContractVersion() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn.Version()
}

// launch starts the plugin for the first time and takes down what it serves.
func (p *Plugin) launch(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.launched {
		return nil
	}
	sum, err := SumFile(p.Path)
	if err != nil {
		return err
	}
	p.SHA256 = sum
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	optimizers, problems := conn.Definitions(p.live)
	if err := checkDefinitions(optimizers, problems); err != nil {
		conn.Stop()
		return err
	}
	origin := protocol.Origin{Plugin: p.Name, Path: p.Path, Executable: p.SHA256}
	for i := range optimizers {
		optimizers[i].Origin = origin.WithIdentity(optimizers[i].Identity)
	}
	for i := range problems {
		problems[i].Origin = origin.WithIdentity(problems[i].Identity)
	}
	p.Optimizers, p.Problems, p.conn, p.launched = optimizers, problems, conn, true
	return nil
}

// connect starts a process and shakes hands.
func (p *Plugin) connect(ctx context.Context) (*wire.Conn, error) {
	h := p.host
	if h.open.Err() != nil {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(h.open, func() { cancel(errClosed) })()
	process, err := wire.Start(ctx, wire.Config{
		Name: p.Name, Argv: p.argv, Env: h.env, Dir: h.dir, Logger: h.options.Logger,
		StartTimeout: h.options.StartTimeout, Janitor: h.janitor, Memory: max(h.options.Memory, 0),
	})
	if err != nil {
		return nil, err
	}
	most := wire.Transport(h.options.Transport)
	conn, err := wire.Connect(ctx, process, h.memory, most, h.options.StartTimeout, h.options.CallTimeout)
	if err != nil {
		process.Stop()
		return nil, err
	}
	return conn, nil
}

// live returns the connection to the plugin, which it starts again if it has ended.
func (p *Plugin) live() (*wire.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.conn.Done():
	default:
		return p.conn, nil
	}
	p.conn.Stop() // frees what is left of it
	sum, err := SumFile(p.Path)
	if err == nil && sum != p.SHA256 {
		err = errors.New("the executable has changed since it was launched; run again to use the new one")
	}
	var conn *wire.Conn
	if err == nil {
		conn, err = p.connect(context.Background())
	}
	if err == nil {
		if err = p.sameCode(conn); err != nil {
			conn.Stop()
		}
	}
	if errors.Is(err, errClosed) {
		return nil, err
	}
	if err != nil {
		return nil, &protocol.Fault{Plugin: p.Name, Call: "restart", Err: err}
	}
	p.conn = conn
	return conn, nil
}

// sameCode returns an error if what the plugin serves is not what it served when it was launched first.
func (p *Plugin) sameCode(conn *wire.Conn) error {
	if optimizers, problems := conn.Definitions(p.live); !slices.Equal(codes(optimizers, problems), codes(p.Optimizers, p.Problems)) {
		return errors.New("its code has changed since it was launched: it declares other names, versions, digests or environments; " +
			"run again to use the new code")
	}
	return nil
}

// codes lists what definitions say of their code.
func codes(optimizers []protocol.OptimizerDef, problems []protocol.ProblemDef) (list []string) {
	code := func(kind, name, version string, i protocol.Identity) {
		o := protocol.Origin{}.WithIdentity(i)
		list = append(list, fmt.Sprintf("%s %q %q %q %q", kind, name, version, o.Digest, o.Environment))
	}
	for i := range optimizers {
		code("optimizer", optimizers[i].Name, optimizers[i].Version, optimizers[i].Identity)
	}
	for i := range problems {
		code("problem", problems[i].Name, problems[i].Version, problems[i].Identity)
	}
	return list
}

// stop ends the plugin for good.
func (p *Plugin) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.Stop()
	}
}

// SumFile is the SHA-256 of a file's contents, hexadecimal: how executables are named.
func SumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
