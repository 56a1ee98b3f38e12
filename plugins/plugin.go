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

// Plugin is one executable that serves optimizers and problems. Its definitions behave like those
// of this process: they can be opened many times, and at the same time: in one process, or, if the
// plugin says how many runs a process of it carries, in as many processes as that takes, which are
// kept. A process that has ended (crashed, or was killed because it hung) is started again when it
// is needed next; the runs that were open on it are lost.
type Plugin struct {
	Name       string
	Path       string // of the executable, absolute
	SHA256     string // of the executable, hexadecimal
	Optimizers []protocol.OptimizerDef
	Problems   []protocol.ProblemDef

	host *Host
	argv []string

	mu       sync.Mutex
	limit    int        // runs that a process carries at the same time; 0: any number
	carriers []*carrier // its processes; none before the first launch
}

// carrier is one process of a plugin.
type carrier struct {
	device string // that it is told to use
	runs   int    // that are open on it, if their number is limited; the plugin's mutex guards it

	mu   sync.Mutex
	conn *wire.Conn // nil until it has been started
}

// Transport returns how the plugin is called: by the fastest transport that it and the host's
// options allow.
func (p *Plugin) Transport() Transport {
	return Transport(p.first().Transport)
}

// first is the connection to the process that was launched first, or to the one that took its
// place.
func (p *Plugin) first() *wire.Conn {
	p.mu.Lock()
	c := p.carriers[0]
	p.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// ContractVersion returns the version of the contract that the plugin speaks.
func (p *Plugin) ContractVersion() int { return p.first().Version() }

// launch starts the plugin for the first time and records its definitions.
func (p *Plugin) launch(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.carriers) > 0 {
		return nil
	}
	sum, err := SumFile(p.Path)
	if err != nil {
		return err
	}
	p.SHA256 = sum
	c := p.newCarrier()
	conn, err := p.connect(ctx, c.device)
	if err != nil {
		return err
	}
	optimizers, problems := conn.Definitions(p.live, p.reserve)
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
	c.conn = conn
	p.Optimizers, p.Problems, p.limit, p.carriers = optimizers, problems, conn.Runs(), []*carrier{c}
	return nil
}

// newCarrier returns a process to be, with its device. The plugin's mutex must be held.
func (p *Plugin) newCarrier() *carrier {
	c := &carrier{}
	if devices := p.host.options.Devices; len(devices) > 0 {
		c.device = devices[len(p.carriers)%len(devices)]
	}
	return c
}

// connect starts a process and completes the handshake.
func (p *Plugin) connect(ctx context.Context, device string) (*wire.Conn, error) {
	h := p.host
	env := h.env
	if device != "" {
		env = append(slices.Clip(env), "NOISEBENCH_DEVICE="+device)
	}
	if h.open.Err() != nil {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(h.open, func() { cancel(errClosed) })()
	dir, err := h.processFolder()
	if err != nil {
		return nil, err
	}
	sandbox, env := p.confine(ctx, dir, env)
	process, err := wire.Start(ctx, wire.Config{
		Name: p.Name, Argv: p.argv, Env: env, Dir: dir, Logger: h.options.Logger,
		StartTimeout: h.options.StartTimeout, Janitor: h.janitor, Memory: max(h.options.Memory, 0),
		Sandbox: sandbox,
	})
	if err != nil {
		return nil, err
	}
	most := wire.Transport(h.options.Transport)
	conn, err := wire.Connect(ctx, process, h.memory, most, h.options.StartTimeout,
		h.options.CallTimeout)
	if err != nil {
		process.Stop()
		return nil, err
	}
	conn.Sandbox = p.Sandbox()
	return conn, nil
}

// live returns the connection to a process of the plugin, whatever runs on it.
func (p *Plugin) live() (*wire.Conn, error) {
	p.mu.Lock()
	c := p.carriers[0]
	p.mu.Unlock()
	return p.reach(c)
}

// reserve returns the connection to a process with room for one more run, and what gives the room
// back.
func (p *Plugin) reserve() (conn *wire.Conn, release func(), err error) {
	if p.limit == 0 {
		conn, err = p.live()
		return conn, func() {}, err
	}
	p.mu.Lock()
	i := slices.IndexFunc(p.carriers, func(c *carrier) bool { return c.runs < p.limit })
	if i < 0 {
		i = len(p.carriers)
		p.carriers = append(p.carriers, p.newCarrier())
	}
	c := p.carriers[i]
	c.runs++
	p.mu.Unlock()
	release = func() {
		p.mu.Lock()
		c.runs--
		p.mu.Unlock()
	}
	if conn, err = p.reach(c); err != nil {
		release()
	}
	return conn, release, err
}

// reach returns the connection to a process, which it starts if it has ended or not been started
// yet.
func (p *Plugin) reach(c *carrier) (*wire.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call := "start"
	if c.conn != nil {
		select {
		case <-c.conn.Done():
		default:
			return c.conn, nil
		}
		c.conn.Stop() // frees its resources
		call = "restart"
	}
	sum, err := SumFile(p.Path)
	if err == nil && sum != p.SHA256 {
		err = errors.New("the executable has changed since it was launched; run again to use the new one")
	}
	var conn *wire.Conn
	if err == nil {
		conn, err = p.connect(context.Background(), c.device)
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
		return nil, &protocol.Fault{Plugin: p.Name, Call: call, Err: err}
	}
	c.conn = conn
	return conn, nil
}

// sameCode returns an error if what the plugin serves is not what it served when it was launched
// first.
func (p *Plugin) sameCode(conn *wire.Conn) error {
	optimizers, problems := conn.Definitions(p.live, p.reserve)
	if !slices.Equal(codes(optimizers, problems), codes(p.Optimizers, p.Problems)) {
		return errors.New("its code has changed since it was launched: it declares other names, " +
			"versions, digests or environments; run again to use the new code")
	}
	return nil
}

// codes lists the names, versions and identities that definitions declare.
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

// stop ends the plugin. It is not started again.
func (p *Plugin) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all sync.WaitGroup
	for _, c := range p.carriers {
		all.Go(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.conn != nil {
				c.conn.Stop()
			}
		})
	}
	all.Wait()
}

// maxExecutable bounds the size of a plugin's file, in bytes: to read a larger one takes minutes.
const maxExecutable = 8 << 30

// SumFile is the SHA-256 of a file's contents, hexadecimal. It identifies executables.
func SumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxExecutable {
		return "", fmt.Errorf("%s has %d bytes, want an executable of at most %d", path, info.Size(),
			int64(maxExecutable))
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
