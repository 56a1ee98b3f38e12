package wire

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"noisebench/internal/text"
	"noisebench/plugins/internal/supervisor"
	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

const (
	// stopGrace is how long a plugin has to end by itself.
	stopGrace = time.Second
	// drainGrace is how long a dead plugin's last output may take; only a process that left the
	// plugin's group can hold its pipes open longer.
	drainGrace = 300 * time.Millisecond
	// tailSize is how much of a plugin's last output is kept for error texts, in bytes.
	tailSize = 4 << 10
)

// Config says how to start a plugin.
type Config struct {
	Name         string   // for logs and errors
	Argv         []string // executable (a path) and arguments
	Env          []string // the whole environment
	Dir          string   // private folder for its socket, which is removed at its end
	Logger       hclog.Logger
	StartTimeout time.Duration
	Janitor      *Janitor
	Memory       int64 // the most that it may use, with its children, in bytes; 0: no limit
	Sandbox      *supervisor.Sandbox
}

// Process is one running plugin.
type Process struct {
	Client pb.PluginClient
	name   string
	cmd    *command
	peer   *plugin.Client
	reason atomic.Pointer[string] // why the host killed it
}

// Start starts a plugin and completes the handshake. Its errors have one line and say what to do.
func Start(ctx context.Context, c Config) (*Process, error) {
	cmd := &command{config: c, exited: make(chan struct{}), drained: make(chan struct{})}
	peer := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: pluginSets(nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			cmd.handshakeEnv = spec.Env
			return cmd, nil
		},
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: c.Dir},
		StartTimeout:     c.StartTimeout,
		Logger:           c.Logger,
		SyncStdout: c.Logger.Named(c.Name).StandardWriter(&hclog.StandardLoggerOptions{
			ForceLevel: hclog.Debug,
		}),
		SyncStderr: c.Logger.Named(c.Name).StandardWriter(&hclog.StandardLoggerOptions{
			ForceLevel: hclog.Debug,
		}),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithInitialWindowSize(windowSize), grpc.WithInitialConnWindowSize(windowSize),
			grpc.WithReadBufferSize(bufferedBytes), grpc.WithWriteBufferSize(bufferedBytes),
			grpc.WithIdleTimeout(0), // the socket is connected once, see hide
		},
	})
	p := &Process{name: c.Name, cmd: cmd, peer: peer}
	inTime := context.AfterFunc(ctx, cmd.kill)
	// go-plugin limits the handshake alone, by StartTimeout
	late := time.AfterFunc(c.StartTimeout+drainGrace, cmd.kill)
	client, err := p.dial()
	switch {
	case !inTime():
		p.Stop()
		return nil, context.Cause(ctx)
	case !late.Stop() && cmd.firstLine.Load() != nil:
		p.Stop()
		return nil, fmt.Errorf("%s completed the handshake, but did not answer within %v%s%s",
			filepath.Base(c.Argv[0]), c.StartTimeout, cmd.words(soFar), moreTime)
	}
	if err != nil {
		err = cmd.explain(err)
		p.Stop()
		return nil, err
	}
	p.Client = client
	return p, nil
}

func (p *Process) dial() (pb.PluginClient, error) {
	rpc, err := p.peer.Client()
	if err != nil {
		return nil, err
	}
	client, err := rpc.Dispense(serviceInSet)
	if err != nil {
		return nil, err
	}
	return client.(pb.PluginClient), nil
}

// PID is the number of the process and of its group.
func (p *Process) PID() int { return p.cmd.tree.PID() }

// Version is the contract version that the plugin and this host speak with each other.
func (p *Process) Version() int { return p.peer.NegotiatedVersion() }

// send sends the descriptor of a region, which the next call mentions.
func (p *Process) send(r *region) error { return sendDescriptor(p.cmd.descriptors, r) }

// hide removes the socket's file once the host is connected, so that no other plugin connects.
func (p *Process) hide() {
	folders, _ := filepath.Glob(filepath.Join(p.cmd.config.Dir, "plugin-dir*")) // of go-plugin
	for _, f := range folders {
		_ = os.RemoveAll(f)
	}
}

// Done is closed once the process has ended, and with it everything that it started.
func (p *Process) Done() <-chan struct{} { return p.cmd.exited }

// Kill ends the process and everything that it started. The first reason stays; there is none if
// the process had ended before.
func (p *Process) Kill(reason string) {
	select {
	case <-p.Done():
		return
	default:
	}
	p.reason.CompareAndSwap(nil, &reason)
	p.cmd.kill()
}

// End returns how the process ended, once Done is closed.
func (p *Process) End() error {
	if reason := p.reason.Load(); reason != nil {
		return errors.New(*reason)
	}
	if excess := (*supervisor.MemoryError)(nil); errors.As(p.cmd.state, &excess) {
		return fmt.Errorf("killed, because it %w; raise it by --plugin-memory", excess)
	}
	return fmt.Errorf("the process ended: %s%s", p.cmd.ending(), p.cmd.lastOutput())
}

// Stop asks the process to end, and kills it after a second.
func (p *Process) Stop() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.peer.Kill() // blocks for as long as the plugin does not answer
	}()
	select {
	case <-done:
	case <-time.After(stopGrace):
		p.Kill("the host has closed it")
		<-done
	}
	p.Kill("the host has closed it") // where the handshake failed, go-plugin has nothing to kill
}

// command runs the executable for go-plugin, which by its own means would wait for every process
// that holds the plugin's output open, kill the plugin but not its children, and fail on long lines
// of output.
type command struct {
	config       Config
	handshakeEnv []string

	mu        sync.Mutex // a kill does not come before the start
	tree      *supervisor.Tree
	started   time.Time
	unwanted  bool          // killed before it was started
	killed    bool          // killed while it ran
	exited    chan struct{} // closed at the end of the process and all that it started
	drained   chan struct{} // standard error has been read to its end
	startErr  error
	state     error // of tree.Wait
	stdout    io.ReadCloser
	stderr    io.ReadCloser
	firstLine atomic.Pointer[string] // of standard output
	partial   tail                   // of a first line of standard output that has not ended
	tail      tail                   // of standard error

	descriptors *os.File // socket on which those of shared memory are sent
}

func (c *command) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwanted {
		return errors.New("given up before the start")
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		outR.Close()
		outW.Close()
		return err
	}
	descriptors, theirs, err := descriptorSockets()
	if err != nil {
		outR.Close()
		outW.Close()
		errR.Close()
		errW.Close()
		return err
	}
	env := slices.Concat(c.config.Env, c.handshakeEnv)
	if theirs != nil {
		env = append(env, descriptorsKey+"=3")
	}
	tree, err := supervisor.Start(supervisor.Config{
		Path: c.config.Argv[0], Args: c.config.Argv[1:], Env: env,
		Stdout: outW, Stderr: errW, Extra: theirs, Memory: c.config.Memory, Sandbox: c.config.Sandbox,
	})
	c.startErr = err
	c.descriptors = descriptors
	outW.Close()
	errW.Close()
	theirs.Close()
	if err != nil {
		outR.Close()
		errR.Close()
		descriptors.Close()
		_ = os.RemoveAll(c.config.Dir)
		close(c.drained)
		close(c.exited)
		return err
	}
	c.tree, c.started = tree, time.Now()
	c.config.Janitor.Add(tree.PID())

	line, handshake := io.Pipe()
	c.stdout = line
	go c.readStdout(outR, handshake)
	c.stderr = &teeReader{file: errR, tail: &c.tail, end: c.drained}
	go func() {
		c.state = tree.Wait()
		c.config.Janitor.Remove(tree.PID())
		descriptors.Close()
		_ = os.RemoveAll(c.config.Dir)
		close(c.exited)
		time.AfterFunc(drainGrace, func() {
			outR.Close()
			errR.Close()
		})
	}()
	return nil
}

// readStdout gives go-plugin the first line alone, and logs the others.
func (c *command) readStdout(from *os.File, handshake *io.PipeWriter) {
	defer handshake.Close()
	r := bufio.NewReader(io.TeeReader(from, unfinished{c}))
	log := c.config.Logger.Named(c.config.Name)
	for first := true; ; first = false {
		line, _, err := r.ReadLine() // in pieces, if it is long
		if err != nil && first {
			// Programs close their output a little before they end, which would say more.
			select {
			case <-c.exited:
			case <-time.After(drainGrace):
			}
		}
		if err != nil {
			return
		}
		if !first {
			log.Debug(string(line))
			continue
		}
		if c.wasKilled() {
			return // in the middle of its first line
		}
		first := string(line)
		c.firstLine.Store(&first)
		if _, err := handshake.Write(append(line, '\n')); err != nil {
			return
		}
	}
}

// unfinished keeps what a plugin prints to standard output without ever ending its first line.
type unfinished struct{ c *command }

func (u unfinished) Write(p []byte) (int, error) {
	if u.c.firstLine.Load() == nil && !bytes.ContainsRune(p, '\n') {
		u.c.partial.write(p)
	}
	return len(p), nil
}

func (c *command) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tree == nil {
		c.unwanted = true
		return
	}
	select {
	case <-c.exited:
	default:
		c.killed = true
		c.tree.Kill()
	}
}

func (c *command) wasKilled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

func (c *command) Wait(context.Context) error {
	<-c.exited
	return c.state
}

func (c *command) Kill(context.Context) error {
	c.kill()
	return nil
}

func (c *command) Stdout() io.ReadCloser           { return c.stdout }
func (c *command) Stderr() io.ReadCloser           { return c.stderr }
func (c *command) Name() string                    { return c.config.Name }
func (c *command) Diagnose(context.Context) string { return "" }

func (c *command) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tree == nil {
		return ""
	}
	return strconv.Itoa(c.tree.PID())
}

func (c *command) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (c *command) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// ending describes how the process ended.
func (c *command) ending() string {
	<-c.exited
	if c.state == nil {
		return "exit status 0"
	}
	return c.state.Error()
}

// lastOutput quotes the last lines that the process wrote, if any.
func (c *command) lastOutput() string { return c.words("its last output") }

func (c *command) words(what string) string {
	select {
	case <-c.drained:
	case <-time.After(2 * drainGrace):
	}
	words := slices.DeleteFunc([]string{c.tail.String(), c.partial.String()}, func(s string) bool {
		return s == ""
	})
	if len(words) == 0 {
		return ""
	}
	return "; " + what + ": " + strings.Join(words, " / ")
}

// explain turns an error before or in the handshake into one line that says what to do.
func (c *command) explain(err error) error {
	path := c.config.Argv[0]
	check := "; a plugin is a program that calls plugins.Serve, or noisebench.serve in Python"
	if limit := tooManyFiles(cmp.Or(c.startErr, err)); limit != nil {
		return fmt.Errorf("cannot start %s: %w", filepath.Base(path), limit)
	}
	switch {
	case errors.Is(c.startErr, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s, or the interpreter that it names in its first line", path)
	case errors.Is(c.startErr, fs.ErrPermission):
		return fmt.Errorf("%s is not executable; make it so with: chmod +x %s", path, path)
	case errors.Is(c.startErr, syscall.ENOEXEC):
		return fmt.Errorf("%s is not a program for this machine%s", path, check)
	case c.startErr != nil:
		return fmt.Errorf("start %s: %w%s", path, c.startErr, check)
	case c.ID() == "":
		return fmt.Errorf("start %s: %w", path, err) // before the start was attempted
	}
	if line := c.firstLine.Load(); line != nil {
		fields := strings.Split(strings.TrimSpace(*line), "|")
		if len(fields) < 5 || fields[0] != strconv.Itoa(plugin.CoreProtocolVersion) {
			return fmt.Errorf("%s is not a noisebench plugin, or it printed to standard output before the "+
				"handshake: its first line is %s%s", filepath.Base(path), quote(*line), check)
		}
		if version := fields[1]; version != strconv.Itoa(protocol.Version) {
			return fmt.Errorf("%s speaks contract version %s, this noisebench speaks version %d; %s",
				filepath.Base(path), version, protocol.Version, reconcile(version))
		}
	}
	ending := c.ending() // go-plugin has killed it, if it did not end by itself
	switch words := c.lastOutput(); {
	case c.firstLine.Load() != nil:
		return fmt.Errorf("%s: after the handshake: %s", filepath.Base(path), plain(err))
	case strings.HasPrefix(ending, "exit status ") && ending != "exit status 0" && words != "":
		return fmt.Errorf("%s ended without a handshake (%s)%s", filepath.Base(path), ending, words)
	case !c.wasKilled() || ending != "signal: killed":
		return fmt.Errorf("%s is not a noisebench plugin: it ended without a handshake (%s)%s%s",
			filepath.Base(path), ending, words, check)
	case time.Since(c.started) < c.config.StartTimeout:
		return fmt.Errorf("%s is not a noisebench plugin: it closed its standard output without "+
			"a handshake%s%s",
			filepath.Base(path), words, check)
	default:
		return fmt.Errorf("%s is not a noisebench plugin, or hangs, or is slow to start: no handshake "+
			"within %v%s%s%s",
			filepath.Base(path), c.config.StartTimeout, c.words(soFar), moreTime, check)
	}
}

// tooManyFiles explains an error that says that this process has too many files open; nil: it is
// another.
func tooManyFiles(err error) error {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return errors.New("bench has as many files open as it may; raise that limit (ulimit -n), or " +
			"make fewer runs side by side (-j)")
	}
	return nil
}

// Parts of the error for a plugin that did not start in time.
const (
	soFar    = "its output so far"
	moreTime = "; allow more time by --start-timeout"
)

// reconcile returns advice for a plugin of another version of the contract.
func reconcile(version string) string {
	if n, err := strconv.Atoi(version); err == nil && n > protocol.Version {
		return "use a noisebench of its version"
	}
	return "rebuild the plugin with this noisebench, and in another language than Go follow its " +
		"noisebench.proto (clause 10 says what changed), or use a noisebench of its version"
}

// quote writes the start of a line for an error text.
func quote(line string) string {
	const most = 60
	size := len(line)
	if line = text.OneLine(line); line == "" {
		return text.Count(size, "byte") + " that are no text"
	}
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return strconv.Quote(line)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// tail keeps the last bytes written to it, and the last line with which the Go runtime began to
// report a fatal error: the stacks that follow it are often longer than the tail.
type tail struct {
	mu    sync.Mutex
	buf   []byte
	line  []byte // the beginning of the line being written
	cause string
}

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for part := range bytes.Lines(p) {
		const most = 300
		t.line = append(t.line, part[:min(len(part), most-min(len(t.line), most))]...)
		if part[len(part)-1] == '\n' {
			if isCause(t.line) {
				t.cause = oneLine(string(t.line))
			}
			t.line = t.line[:0]
		}
	}
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailSize {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-tailSize:]...)
	}
}

// String returns the likely cause of an end in one line: the start of a panic or fatal error, or
// else the last lines.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 300
	if t.cause != "" {
		return printable(strings.ToValidUTF8(t.cause, "?"))
	}
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.buf), "?")), "\n")
	text := oneLine(strings.Join(lines[max(0, len(lines)-3):], " / "))
	if len(text) > most {
		text = "…" + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return printable(text)
}

// isCause reports whether a line is the one with which the Go runtime explains the end of a
// program.
func isCause(line []byte) bool {
	for _, start := range []string{"panic: ", "fatal error: ", "SIGSEGV: ", "SIGABRT: ", "SIGQUIT: "} {
		if bytes.HasPrefix(line, []byte(start)) {
			return true
		}
	}
	return false
}

// teeReader reads a file, keeps a tail of what it read, and closes end at its end.
type teeReader struct {
	file *os.File
	tail *tail
	end  chan struct{}
	once sync.Once
}

func (r *teeReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.tail.write(p[:n])
	if err != nil {
		r.once.Do(func() { close(r.end) })
		err = io.EOF // a file closed under the reader has ended as well
	}
	return n, err
}

func (r *teeReader) Close() error { return r.file.Close() }
