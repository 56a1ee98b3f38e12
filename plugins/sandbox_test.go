package plugins

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"noisebench/plugins/internal/supervisor"
	"noisebench/protocol"
)

// thief is an optimizer that tries what a plugin must not be able to do. Its error lists what it
// could do.
func thief(results string, host, victim int, server string) protocol.OptimizerDef {
	d := optimizerDef("thief")
	inherited := descriptors()
	d.New32, d.New64 = nil, func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		did := []string{}
		try := func(what string, do func() error) {
			if do() == nil {
				did = append(did, what)
			}
		}
		record := filepath.Join(results, "runs", "ab", "ab.jsonl")
		try("read a record", func() error { _, err := os.ReadFile(record); return err })
		try("list the records", func() error { _, err := os.ReadDir(filepath.Dir(record)); return err })
		try("change a record", func() error { _, err := os.OpenFile(record, os.O_WRONLY, 0); return err })
		try("truncate a record", func() error { return os.Truncate(record, 0) })
		try("replace a record", func() error { return os.Rename(os.Args[0], record) })
		try("link a record", func() error { return os.Link(record, filepath.Join(os.TempDir(), "mine")) })
		try("write a record", func() error { return os.WriteFile(filepath.Join(results, "runs", "new"), nil, 0o666) })
		try("write a record by a child", func() error { return exec.Command("/bin/sh", "-c", "echo > "+results+"/runs/child").Run() })
		try("write beside the plugin", func() error { return os.WriteFile(filepath.Join(filepath.Dir(os.Args[0]), "x"), nil, 0o666) })
		try("write to shared memory", func() error { return os.WriteFile("/dev/shm/noisebench-thief", nil, 0o600) })
		for _, pid := range []int{host, os.Getppid()} {
			proc := fmt.Sprintf("/proc/%d/", pid)
			try("list the descriptors of "+name(pid, host), func() error { _, err := os.ReadDir(proc + "fd"); return err })
			for fd := range 64 {
				try("open a descriptor of "+name(pid, host), func() error {
					f, err := os.OpenFile(fmt.Sprint(proc, "fd/", fd), os.O_RDWR, 0)
					if err == nil {
						f.Close()
					}
					return err
				})
			}
			try("open the memory of "+name(pid, host), func() error { _, err := os.OpenFile(proc+"mem", os.O_RDWR, 0); return err })
			try("read the variables of "+name(pid, host), func() error { _, err := os.ReadFile(proc + "environ"); return err })
		}
		try("signal the host", func() error { return syscall.Kill(host, 0) })
		try("signal the supervisor", func() error { return syscall.Kill(os.Getppid(), 0) })
		try("trace a process", func() error { // not the host, which would stop
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if err := syscall.PtraceAttach(victim); err != nil {
				return err
			}
			_, err := syscall.Wait4(victim, nil, 0, nil)
			return errors.Join(err, syscall.PtraceDetach(victim))
		})
		try("kill a process", func() error { return syscall.Kill(victim, syscall.SIGKILL) })
		try("connect by TCP", func() error {
			c, err := net.Dial("tcp", server)
			if err == nil {
				return c.Close()
			}
			return err
		})
		try("find a socket of a plugin", func() error {
			sockets, err := os.ReadFile("/proc/self/net/unix")
			host := filepath.Dir(filepath.Dir(os.Getenv("PLUGIN_UNIX_SOCKET_DIR")))
			for _, word := range strings.Fields(string(sockets)) {
				if strings.Contains(word, host) {
					if c, err := net.Dial("unix", word); err == nil {
						return c.Close()
					}
				}
			}
			return errors.Join(err, errors.New("none can be connected to"))
		})
		for _, d := range inherited {
			try("inherit "+d, func() error { return nil })
		}
		// What a plugin needs works.
		own := filepath.Join(os.TempDir(), "mine")
		for what, do := range map[string]func() error{
			"write to its own temporary folder": func() error { return os.WriteFile(own, nil, 0o600) },
			"read its own temporary folder":     func() error { _, err := os.ReadDir(os.TempDir()); return err },
			"read its executable":               func() error { _, err := os.ReadFile(os.Args[0]); return err },
			"listen": func() error {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err == nil {
					err = l.Close()
				}
				return err
			},
			"start a program": func() error { return exec.Command("/bin/sh", "-c", "cat /dev/null").Run() },
		} {
			if err := do(); err != nil {
				did = append(did, "NOT "+what+": "+err.Error())
			}
		}
		return nil, protocol.Request{}, errors.New("did: " + strings.Join(slices.Compact(did), "; ") + ".")
	}
	return d
}

func name(pid, host int) string {
	if pid == host {
		return "the host"
	}
	return "the supervisor"
}

// descriptors are those that this process has, beside the standard ones, the socket for descriptors
// and what the runtime has opened.
func descriptors() (found []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		n, _ := strconv.Atoi(e.Name())
		if err == nil && n > 2 && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") &&
			!strings.HasPrefix(to, "/proc/") && !(n == 3 && strings.HasPrefix(to, "socket:")) {
			found = append(found, to)
		}
	}
	return found
}

// steal launches a thief in a folder with results beside it, and returns what it could do.
func steal(t *testing.T, o Options) (did string, victimDied bool) {
	t.Helper()
	dir := t.TempDir()
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path, results := filepath.Join(dir, "plugin"), filepath.Join(dir, "results")
	if err := errors.Join(os.WriteFile(path, binary, 0o755), os.MkdirAll(filepath.Join(results, "runs", "ab"), 0o777),
		os.WriteFile(filepath.Join(results, "runs", "ab", "ab.jsonl"), []byte("{}\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	victim := exec.Command("sleep", "1000")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	died := make(chan struct{})
	go func() {
		_ = victim.Wait()
		close(died)
	}()
	o.Hidden, o.Env = []string{results}, []string{"TMPDIR=" + t.TempDir()}
	h := newHost(t, o)
	mem, free := h.Alloc(1 << 16) // a segment of another run
	defer free()
	mem[0] = 1
	inheritable, err := os.Open(os.Args[0]) // as from a shell that has a file open
	if err != nil {
		t.Fatal(err)
	}
	defer inheritable.Close()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, inheritable.Fd(), syscall.F_SETFD, 0); errno != 0 {
		t.Fatal(errno)
	}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	launch(t, h, "good") // another plugin, with a socket
	p, err := h.Launch(context.Background(), "thief", path, "plugin:thief", results, fmt.Sprint(os.Getpid()), fmt.Sprint(victim.Process.Pid), server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = p.optimizer(t, "thief").New64(protocol.Start{Dim: 3, DType: protocol.Float64})
	text := fmt.Sprint(err)
	if _, rest, ok := strings.Cut(text, "did: "); ok {
		did = strings.TrimSuffix(rest, ".")
	} else {
		t.Fatalf("the thief returns %v", err)
	}
	_ = os.Remove("/dev/shm/noisebench-thief")
	select {
	case <-died:
		victimDied = true
	default:
		_ = victim.Process.Kill()
		<-died
	}
	if record, err := os.ReadFile(filepath.Join(results, "runs", "ab", "ab.jsonl")); !o.NoSandbox && (err != nil || string(record) != "{}\n") {
		t.Errorf("the record is now %q (%v)", record, err)
	}
	return did, victimDied
}

// A plugin cannot reach records, the host's memory, other processes or other plugins. Without the
// sandbox it can, so that the test would notice.
func TestThief(t *testing.T) {
	if supervisor.Landlock() == 0 {
		t.Skip("the kernel has no Landlock")
	}
	allowed := ""
	if supervisor.Landlock() < 6 {
		allowed = "signal the host; signal the supervisor; kill a process"
	}
	if supervisor.Landlock() < 4 {
		allowed += "; connect by TCP"
	}
	if did, died := steal(t, Options{}); did != allowed || died != (supervisor.Landlock() < 6) {
		t.Errorf("a confined plugin could %s (and the victim died: %v), want %q", did, died, allowed)
	}
	did, died := steal(t, Options{NoSandbox: true})
	for _, what := range []string{
		"read a record", "change a record", "replace a record", "write a record by a child", "write to shared memory",
		"open a descriptor of the host", "open the memory of the host", "trace a process", "signal the host",
		"connect by TCP",
	} {
		if !strings.Contains(did, what) {
			t.Errorf("without a sandbox a plugin cannot %s, but only %s", what, did)
		}
	}
	if !died || strings.Contains(did, "inherit") || strings.Contains(did, "find a socket") {
		t.Errorf("without a sandbox the victim died: %v, and the plugin could %s", died, did)
	}
}

// The records' line on the sandbox.
func TestSandboxText(t *testing.T) {
	want := "none: the kernel has no Landlock"
	switch {
	case runtime.GOOS != "linux":
		want = "none: " + runtime.GOOS + " has no Landlock"
	case supervisor.Landlock() > 0:
		want = fmt.Sprint("landlock ", supervisor.Landlock())
	}
	for _, c := range []struct {
		name, want string
		off        bool
	}{{"good", want, false}, {"good", "off", true}, {protocol.BuiltIn, "", false}} {
		h := newHost(t, Options{NoSandbox: c.off})
		p, err := h.Launch(t.Context(), c.name, os.Args[0], "plugin:good")
		if err != nil {
			t.Fatal(err)
		}
		problem, err := p.problem(t, "bowl").New64(protocol.Setting{"dim": 3, "bits": 64})
		if err != nil {
			t.Fatal(err)
		}
		if got := problem.(interface{ Sandbox() string }).Sandbox(); got != c.want {
			t.Errorf("the sandbox of %s, if off is %v, is %q, want %q", c.name, c.off, got, c.want)
		}
	}
}

// What a plugin may read: all of its folder, but not what is hidden in it, nor the user's home.
func TestReadable(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"home/ann/.ssh/key", "home/ann/plan.yaml", "home/ann/bin/tool", "home/ann/project/plugin", "home/ann/project/data/d", "home/ann/project/results/runs/r",
		"home/ann/.local/bin/p", "home/ann/.local/share/keys", "home/ann/venv/bin/python", "home/ann/venv/lib/m.py", "home/ann/.cache/torch/w",
		"data/set",
	} {
		path := filepath.Join(root, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, nil, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("home/ann/venv/bin/python", filepath.Join(root, "python")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		do   func(b *bounds)
		want string
	}{
		{"a folder", func(b *bounds) { b.folder(root + "/data") }, "data"},
		{"beside results", func(b *bounds) { b.program(root + "/home/ann/project/plugin") }, "home/ann/project/data home/ann/project/plugin home/ann/project/plugin"},
		{"the results", func(b *bounds) { b.folder(root + "/home/ann/project/results/runs") }, ""},
		{"in the home", func(b *bounds) { b.folder(root + "/home/ann") }, "home/ann/plan.yaml"},
		{"above the home", func(b *bounds) { b.folder(root + "/home") }, ""},
		{"in a bin of the home", func(b *bounds) { b.program(root + "/home/ann/bin/tool") }, "home/ann/bin home/ann/bin/tool"},
		{"in .local", func(b *bounds) { b.program(root + "/home/ann/.local/bin/p") }, "home/ann/.local/bin home/ann/.local/bin/p"},
		{"a link", func(b *bounds) { b.program(root + "/python") }, "home/ann/venv home/ann/venv/bin/python python"},
		{"variables", func(b *bounds) {
			b.ofUser([]string{
				"NOISEBENCH_READ=" + root + "/data/set:" + root + "/none", "TMPDIR=" + root + "/home/ann/venv", "SLURM_SUBMIT_DIR=" + root + "/home/ann/venv",
				"HOME=" + root + "/home/ann", "PATH=" + root + "/home/ann/venv/bin:relative",
			})
		}, "data/set home/ann/.cache/torch home/ann/.local/bin home/ann/venv"},
	} {
		b := &bounds{home: root + "/home/ann", hidden: []string{root + "/home/ann/project/results"}}
		c.do(b)
		var got []string
		for _, path := range slices.Sorted(slices.Values(b.s.Read)) {
			got = append(got, strings.TrimPrefix(path, root+"/"))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s may be read, want %s", c.name, text, c.want)
		}
	}
}

func TestPythonOf(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"#!/usr/bin/env python3\n": "python3", "#!/opt/x/bin/python -s\n": "/opt/x/bin/python", "#!/bin/sh\n": "", "\x7fELF": "", "": "",
	} {
		path := filepath.Join(dir, "script")
		if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
		if got := pythonOf([]string{path}); got != want {
			t.Errorf("the interpreter of %q is %q, want %q", text, got, want)
		}
	}
	if got := pythonOf([]string{"/usr/bin/python3.11", "-m", "noisebench"}); got != "/usr/bin/python3.11" {
		t.Errorf("python is not recognized: %q", got)
	}
}
