package plugins

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"noisebench/plugins/internal/supervisor"
	"noisebench/plugins/internal/wire"
	"noisebench/protocol"
)

// Transport is the way in which a plugin is called.
type Transport string

// The transports, from the fastest to the one that works for every plugin. All give the same bits
// (R2).
const (
	Doorbell Transport = Transport(wire.Doorbell) // vectors in shared memory, calls by futex
	Memory   Transport = Transport(wire.Shared)   // vectors in shared memory, calls on a gRPC stream
	Messages Transport = Transport(wire.Messages) // vectors and calls on a gRPC stream
)

// ThreadsVariable is the environment variable that tells a plugin how many threads each run should
// keep busy. It changes how fast a run is, and none of its bits (R2).
const ThreadsVariable = "NOISEBENCH_THREADS"

// Options configure a host. The zero value is ready for use.
type Options struct {
	// Logger takes what plugins log and print, under their names. Default: nothing is logged.
	Logger hclog.Logger
	// StartTimeout is the longest that a plugin may take from its start to its handshake, and then
	// to describe what it serves. Default: a minute, since an interpreter that imports a large
	// library from a cold disk needs tens of seconds.
	StartTimeout time.Duration
	// CallTimeout is the longest that one call may take before its plugin is declared hanging and
	// killed with all that it started; for Close, 10 seconds at most. Default: 10 minutes.
	CallTimeout time.Duration
	// Memory is the most that one plugin and what it starts may have in use, in bytes, before they
	// are killed: what they have written and the shared memory that they map, but no pages of
	// files. Linux only. Default: half of what is free when the host is made, since two plugins
	// serve a run; negative: no limit.
	Memory int64
	// Threads is how many threads a run should keep busy, of which plugins are told by
	// ThreadsVariable. Default: they are told what this process is.
	Threads int
	// Transport is the fastest transport to use with plugins that can. Default: Doorbell.
	Transport Transport
	// Devices are the accelerators to use, as indices. The processes of each plugin are told one
	// each, in turn, by NOISEBENCH_DEVICE.
	Devices []string
	// NoSandbox lets outside plugins reach what the user may. Without it they are confined, where
	// the kernel can, see the package comment.
	NoSandbox bool
	// Hidden are folders that confined plugins must not read, even where they lie beside one.
	Hidden []string
	// Env is added to the plugins' environment, as "NAME=value". Plugins inherit a fixed list of
	// variables only, see the package comment.
	Env []string
}

// Host runs plugins. Its methods may be called from several goroutines.
type Host struct {
	options Options
	env     []string
	dir     string // private folder for sockets
	janitor *wire.Janitor
	memory  *wire.Memory
	open    context.Context // until Close
	close   context.CancelFunc

	mu      sync.Mutex
	plugins map[string]*Plugin // by argv
	python  map[string][]string
	started int // processes, which numbers their folders
	closed  bool
}

var errClosed = errors.New("the plugin host has been closed")

// NewHost makes a private folder and starts a small process that cleans up if this one is killed.
// Close ends all of it.
func NewHost(o Options) (*Host, error) {
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	if o.Threads > 0 {
		o.Env = append(slices.Clip(o.Env), fmt.Sprintf("%s=%d", ThreadsVariable, o.Threads))
	}
	o.StartTimeout = cmp.Or(o.StartTimeout, time.Minute)
	o.CallTimeout = cmp.Or(o.CallTimeout, 10*time.Minute)
	if o.Memory == 0 {
		o.Memory = supervisor.Available() / 2
	}
	switch o.Transport {
	case "":
		o.Transport = Doorbell
	case Doorbell, Memory, Messages:
	default:
		return nil, fmt.Errorf("transport is %q, want %s, %s or %s", o.Transport, Doorbell, Memory,
			Messages)
	}
	// The janitor comes first, so that there is no moment at which a killed host leaves a folder
	// behind.
	dir := privateFolder()
	janitor, err := wire.NewJanitor(dir)
	if err != nil {
		o.Logger.Warn("no janitor: if this process is killed, plugins and temporary files "+
			"may stay behind", "error", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		janitor.Dismiss()
		return nil, fmt.Errorf("make a folder for sockets: %w; set TMPDIR to a folder that is writable",
			err)
	}
	open, cancel := context.WithCancel(context.Background())
	return &Host{
		open: open, close: cancel,
		options: o, env: append(inherited(os.Environ()), o.Env...), dir: dir, janitor: janitor,
		memory: wire.NewMemory(o.Transport != Messages), plugins: map[string]*Plugin{},
		python: map[string][]string{},
	}, nil
}

// privateFolder is the path of a new folder, short enough for sockets in it.
func privateFolder() string {
	// The shortest of the systems' limits, less what is put under the base: folders and a socket.
	const limit = 104 - 1 - len("/nb-01234567/12345/plugin-dir4294967295/plugin4294967295")
	base := os.TempDir()
	if len(base) > limit && runtime.GOOS != "windows" {
		base = "/tmp"
	}
	return filepath.Join(base, fmt.Sprintf("nb-%08x", rand.Uint32()))
}

// processFolder makes a private folder for one process.
func (h *Host) processFolder() (string, error) {
	h.mu.Lock()
	h.started++
	dir := filepath.Join(h.dir, strconv.Itoa(h.started))
	h.mu.Unlock()
	return dir, os.Mkdir(dir, 0o700)
}

// Alloc returns size zeroed bytes, aligned to 64, that plugins can map: vectors that lie in it
// travel without being copied. Vectors elsewhere work as well. The memory is the caller's until
// free, which must come after the end of all calls that use it; then it must not be used.
func (h *Host) Alloc(size int) (mem []byte, free func()) { return h.memory.Alloc(size) }

// Launch starts a plugin, which is an executable and its arguments, or returns the one that it has
// started before with the same argv. The executable is a path, or a name to be looked up in PATH.
// name stands for the plugin in logs, errors and Origin.Plugin. An error has one line and says what
// to do.
func (h *Host) Launch(ctx context.Context, name string, argv ...string) (*Plugin, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("plugin %s: there is no executable to launch", name)
	}
	path, err := exec.LookPath(argv[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %s", name, notExecutable(argv[0], err))
	}
	key := strings.Join(argv, "\x00")
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosed
	}
	p := h.plugins[key]
	if p == nil {
		p = &Plugin{Name: name, Path: path, host: h, argv: append([]string{path}, argv[1:]...)}
		h.plugins[key] = p
	}
	h.mu.Unlock()
	err = p.launch(ctx)
	var fault *protocol.Fault
	switch {
	case err == nil:
		return p, nil
	case errors.As(err, &fault): // names the plugin
		return nil, err
	}
	return nil, fmt.Errorf("plugin %s: %w", name, err)
}

// notExecutable explains why nothing can be launched under a name.
func notExecutable(name string, err error) string {
	info, statErr := os.Stat(name)
	switch {
	case statErr == nil && info.IsDir():
		return name + " is a folder; give the executable itself"
	case statErr == nil && errors.Is(err, os.ErrPermission) && strings.HasSuffix(name, ".py"):
		return fmt.Sprintf("%s is not executable; name what it defines, as python:%[1]s:NAME, or make it "+
			"a plugin of its own with: chmod +x %[1]s", name)
	case statErr == nil && errors.Is(err, os.ErrPermission):
		return fmt.Sprintf("%s is not executable; make it so with: chmod +x %s", name, name)
	case strings.ContainsRune(name, filepath.Separator):
		return fmt.Sprintf("there is no file %s; check the path", name)
	default:
		return fmt.Sprintf("there is no executable %s in PATH; give its path, such as ./%s", name, name)
	}
}

// Close ends all plugins and removes everything that the host made. Calls under way fail. It takes
// a second or two at most, even if a plugin hangs.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	h.close()
	var all sync.WaitGroup
	for _, p := range h.plugins {
		all.Go(p.stop)
	}
	all.Wait()
	return errors.Join(h.janitor.Close(), os.RemoveAll(h.dir))
}
