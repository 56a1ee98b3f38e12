package plugins

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"noisebench/protocol"
)

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// beHost is a host process with a running plugin, a stopped one, and one with a child. It says
// which, and waits for its end.
func beHost() {
	h, err := NewHost(Options{})
	if err != nil {
		panic(err)
	}
	var groups []string
	for _, mode := range []string{"good", "stopped", "grandchild", "escaping"} {
		serve, argument := mode, mode
		switch mode {
		case "stopped":
			serve = "good"
		case "escaping":
			argument = os.Args[2]
		}
		p, err := h.Launch(context.Background(), mode, os.Args[0], "plugin:"+serve, argument)
		if err != nil {
			panic(err)
		}
		o, _, err := p.Optimizers[0].New64(protocol.Start{Dim: 3, DType: protocol.Float64})
		if err != nil {
			panic(err)
		}
		defer fmt.Fprint(os.Stderr, o) // stays open
		pid := p.first().PID()
		if mode == "stopped" {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
		groups = append(groups, fmt.Sprint(pid))
	}
	_, free := h.Alloc(1 << 20)
	defer free()
	fmt.Println(h.dir, strings.Join(groups, " "))
	select {}
}

// A host that is killed leaves nothing behind: no process, whatever its state, no socket, no
// folder.
func TestKilledHost(t *testing.T) {
	escaped := uniqueTime()
	cmd := exec.Command(os.Args[0], "host", escaped)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(line)
	dir, groups := fields[0], fields[1:]
	sockets, _ := filepath.Glob(dir + "/*/*")
	if len(groups) != 4 || len(sockets) != 4 {
		t.Fatalf("the host runs groups %v with sockets %v, want 4", groups, sockets)
	}
	if runtime.GOOS == "linux" {
		wait(t, "the escaping grandchild", func() bool { return sleeps(escaped) })
		defer wait(t, "its end", func() bool { return !sleeps(escaped) })
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, group := range groups {
		var pid int
		fmt.Sscan(group, &pid)
		wait(t, "the end of process group "+group, func() bool { return !alive(pid) })
	}
	wait(t, "the end of "+dir, func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

// wait polls until a thing is done that must happen soon.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// uniqueTime is an argument of sleep by which one process can be told from all others.
func uniqueTime() string { return fmt.Sprintf("1000.%09d", rand.IntN(1e9)) }

// sleeps reports whether a process sleeps for a certain time.
func sleeps(seconds string) bool {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	return slices.ContainsFunc(lines, func(file string) bool {
		line, _ := os.ReadFile(file)
		return string(line) == "sleep\x00"+seconds+"\x00"
	})
}

// What a plugin starts ends with it, even what has left its group, session and parent.
func TestEscapingGrandchild(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no subreapers")
	}
	for name, end := range map[string]func(*Host, *Plugin){
		"close": func(h *Host, _ *Plugin) { _ = h.Close() },
		"crash": func(_ *Host, p *Plugin) { _ = step(t, p.optimizer(t, "crash")) },
		"hang":  func(_ *Host, p *Plugin) { _ = step(t, p.optimizer(t, "hang")) },
		"kill":  func(_ *Host, p *Plugin) { _ = syscall.Kill(p.first().PID(), syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{CallTimeout: 2 * time.Second})
			seconds := uniqueTime()
			p, err := h.Launch(t.Context(), "escaping", os.Args[0], "plugin:escaping", seconds)
			if err != nil {
				t.Fatal(err)
			}
			wait(t, "the grandchild", func() bool { return sleeps(seconds) })
			end(h, p)
			wait(t, "its end", func() bool { return !sleeps(seconds) })
		})
	}
}

// A plugin that uses too much memory is killed before the machine runs out of it, and the fault
// says so.
func TestMemoryLimit(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no limit")
	}
	h := newHost(t, Options{Memory: 300e6})
	p := launch(t, h, "good")
	err := step(t, p.optimizer(t, "hungry"))
	var fault *protocol.Fault
	if !errors.As(err, &fault) || fault.Call != "Step" || !strings.Contains(fault.Plugin, "good") ||
		!strings.Contains(err.Error(), "used more than 0.3 GB of memory, which is the limit; raise it by --plugin-memory") {
		t.Errorf("got %v, want a fault that names the plugin and its memory", err)
	}
	if err := step(t, p.optimizer(t, "plain")); err != nil {
		t.Errorf("after that: %v, want a plugin that was started again", err)
	}
	if err := step(t, launch(t, newHost(t, Options{Memory: -1}), "good").optimizer(t, "plain")); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

// Close ends plugins in any state, with their children, and removes the folder.
func TestClose(t *testing.T) {
	h := newHost(t, Options{})
	var groups []int
	for _, mode := range []string{"good", "grandchild"} {
		p := launch(t, h, mode)
		groups = append(groups, p.first().PID())
	}
	stopped, err := h.Launch(t.Context(), "stopped", os.Args[0], "plugin:good", "another")
	if err != nil {
		t.Fatal(err)
	}
	groups = append(groups, stopped.first().PID())
	if err := syscall.Kill(stopped.first().PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		wait(t, "the end of a process group", func() bool { return !alive(g) })
	}
	if _, err := os.Stat(h.dir); !os.IsNotExist(err) {
		t.Errorf("the private folder %s is still there: %v", h.dir, err)
	}
	if _, err := h.Launch(t.Context(), "late", os.Args[0], "plugin:good"); err != errClosed {
		t.Errorf("Launch after Close gives %v, want %v", err, errClosed)
	}
	if _, _, err := stopped.Optimizers[0].New64(protocol.Start{Dim: 3, DType: protocol.Float64}); err != errClosed {
		t.Errorf("New64 after Close gives %v, want %v", err, errClosed)
	}
}

// A plugin's memory map does not grow with the runs that it has served.
func TestMappingsEnd(t *testing.T) {
	h := newHost(t, Options{})
	p := launch(t, h, "good")
	for range 20 {
		mem, free := h.Alloc(1 << 16)
		_ = trajectory(t, mustOpen(t, p), p.optimizer(t, "heavy").New64, protocol.Gradient, sliced(mem, 100))
		free()
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.first().PID()))
	if err != nil {
		t.Skipf("this system does not report what a process has mapped: %v", err)
	}
	wait(t, "the last session's end", func() bool {
		maps, err = os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.first().PID()))
		return err == nil && !strings.Contains(string(maps), "memfd:noisebench")
	})
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		for _, fd := range fds {
			if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.Contains(to, "memfd:noisebench") {
				t.Errorf("the host still has %s open", to)
			}
		}
	}
}

// A launch whose context ends stops the plugin.
func TestCancelledLaunch(t *testing.T) {
	h := newHost(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := h.Launch(ctx, "silent", os.Args[0], "plugin:silent"); err == nil ||
		!strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("Launch gives %v, want that the deadline has passed", err)
	}
}

func TestByHand(t *testing.T) {
	out, err := exec.Command(os.Args[0], "plugin:good").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is a noisebench plugin; bench runs it") ||
		!strings.Contains(string(out), "  optimizer heavy\n") || !strings.Contains(string(out), "bench check "+os.Args[0]) {
		t.Errorf("a plugin that is started by hand ends with %v and says:\n%s", err, out)
	}
}

// A restarted plugin is the same code only if names, versions, digests to the last character and
// environments are.
func TestCodes(t *testing.T) {
	def := func() protocol.OptimizerDef {
		return protocol.OptimizerDef{Name: "o", Version: "1", Identity: protocol.Identity{
			Digest: "0123456789abcdef", Environment: map[string]string{"library": "1"},
		}}
	}
	want := codes([]protocol.OptimizerDef{def()}, nil)
	if got := codes([]protocol.OptimizerDef{def()}, nil); !slices.Equal(got, want) {
		t.Errorf("the same definition is %q, then %q", want, got)
	}
	for name, change := range map[string]func(*protocol.OptimizerDef){
		"name":        func(d *protocol.OptimizerDef) { d.Name = "p" },
		"version":     func(d *protocol.OptimizerDef) { d.Version = "2" },
		"digest":      func(d *protocol.OptimizerDef) { d.Digest = "0123456789abcdeg" },
		"environment": func(d *protocol.OptimizerDef) { d.Environment["library"] = "2" },
	} {
		d := def()
		change(&d)
		if got := codes([]protocol.OptimizerDef{d}, nil); slices.Equal(got, want) {
			t.Errorf("another %s makes no difference: %q", name, got)
		}
	}
	if slices.Equal(codes(nil, []protocol.ProblemDef{{Name: "o", Version: "1", Identity: def().Identity}}), want) {
		t.Error("a problem is taken for an optimizer")
	}
}
