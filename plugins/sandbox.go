package plugins

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"noisebench/plugins/internal/supervisor"
	"noisebench/protocol"
)

// systemPlaces hold what programs need: libraries, interpreters and their configuration, and what
// the kernel tells of the machine and, in /proc/self, of the program itself; but nothing of other
// programs.
var systemPlaces = []string{
	"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/opt", "/etc", "/nix/store",
	"/gnu/store", "/snap", "/sys", "/proc/self", "/proc/sys", "/proc/driver", "/proc/cgroups",
	"/proc/cmdline", "/proc/cpuinfo", "/proc/devices", "/proc/filesystems", "/proc/loadavg",
	"/proc/meminfo", "/proc/modules", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/version",
	"/proc/vmstat", "/proc/zoneinfo",
}

// devices that programs use, accelerators among them, as patterns.
var devices = []string{
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
	"/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/accel*", "/dev/dxg",
}

// ofHome are folders below the user's that plugins read: packages of Python and of noisebench, and
// downloaded weights and data.
var ofHome = []string{
	".local/lib", ".local/bin", ".local/share/noisebench", ".cache/noisebench", ".cache/torch",
	".cache/huggingface",
}

// unconfined says why outside plugins of this host are not confined; empty if they are.
func (h *Host) unconfined() string {
	switch {
	case h.options.NoSandbox:
		return "off"
	case runtime.GOOS != "linux":
		return "none: " + runtime.GOOS + " has no Landlock"
	case supervisor.Landlock() == 0:
		return "none: the kernel has no Landlock"
	}
	return ""
}

// Sandbox says how the plugin's processes are confined, for records: "landlock 7", with the version
// of the kernel's interface, "off", or "none" and why; empty for what is built in.
func (p *Plugin) Sandbox() string {
	if p.Name == protocol.BuiltIn {
		return ""
	}
	if why := p.host.unconfined(); why != "" {
		return why
	}
	return fmt.Sprintf("landlock %d", supervisor.Landlock())
}

// confine returns what a process of the plugin may reach, and its environment. It may write to the
// private folder, which it finds as that for temporary files. nil: it is not confined.
func (p *Plugin) confine(
	ctx context.Context, private string, env []string,
) (*supervisor.Sandbox, []string) {
	if p.Name == protocol.BuiltIn || p.host.unconfined() != "" {
		return nil, env
	}
	b := &bounds{home: os.Getenv("HOME"), hidden: p.host.hidden()}
	b.s.Read = slices.Clone(systemPlaces)
	for _, pattern := range devices {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		b.s.Devices = append(b.s.Devices, found...)
	}
	b.s.Write = []string{private}
	b.ofUser(env)
	for _, argument := range p.argv {
		b.program(argument)
		// an object of a file: path/to/file.py:Name
		if colon := strings.LastIndexByte(argument, ':'); colon > 0 {
			b.program(argument[:colon])
		}
	}
	if python := pythonOf(p.argv); python != "" {
		b.importing = true
		if dir, err := os.Getwd(); err == nil {
			b.folder(dir)
		}
		for _, path := range p.host.pythonPath(ctx, python, env) {
			b.folder(path)
		}
	}
	b.s.Read = slices.Compact(slices.Sorted(slices.Values(b.s.Read)))
	env = slices.Clip(env)
	for _, name := range []string{
		"TMPDIR", "TMP", "TEMP", "CUDA_CACHE_PATH", "TRITON_CACHE_DIR", "NUMBA_CACHE_DIR", "MPLCONFIGDIR",
	} {
		env = append(env, name+"="+private)
	}
	return &b.s, env
}

// hidden are the folders that plugins must not reach, even where they lie in one that a plugin
// needs.
func (h *Host) hidden() []string {
	all := []string{h.dir}
	for _, path := range h.options.Hidden {
		if absolute, err := filepath.Abs(path); err == nil {
			all = append(all, absolute)
		}
	}
	for _, path := range all {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			all = append(all, real)
		}
	}
	return all
}

// bounds collects what a plugin needs.
type bounds struct {
	s         supervisor.Sandbox
	home      string
	hidden    []string
	importing bool // the plugin lists the folders that it reads, as Python does
}

// contains reports whether a path is a folder or lies in it.
func contains(folder, path string) bool {
	rest, err := filepath.Rel(folder, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

// folder makes a file or a folder readable, without what is hidden in it. Of a folder that holds
// the user's whole home only the files that lie directly in it are.
func (b *bounds) folder(path string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil || !filepath.IsAbs(real) {
		return
	}
	if slices.ContainsFunc(b.hidden, func(h string) bool { return contains(h, real) }) {
		return
	}
	holdsHome := real == "/" || b.home != "" && contains(real, b.home)
	holdsHidden := slices.ContainsFunc(b.hidden, func(h string) bool { return contains(real, h) })
	if !holdsHome && !holdsHidden {
		b.s.Read = append(b.s.Read, real)
		return
	}
	const most = 10000 // entries of a folder
	entries, err := os.ReadDir(real)
	if err != nil || len(entries) > most {
		return
	}
	if b.importing {
		b.s.List = append(b.s.List, real)
	}
	for _, e := range entries {
		switch inside := filepath.Join(real, e.Name()); {
		case e.IsDir() && !holdsHome:
			b.folder(inside)
		case e.Type().IsRegular() && !strings.HasPrefix(e.Name(), "."):
			b.s.Read = append(b.s.Read, inside)
		}
	}
}

// program makes readable what belongs to a program, or to a file that is an argument of one: its
// folder, or the one above a bin, and the same of whatever it is a symbolic link to.
func (b *bounds) program(path string) {
	for range 10 { // links
		absolute, err := filepath.Abs(path)
		if err != nil {
			return
		}
		if info, err := os.Lstat(absolute); err != nil || info.IsDir() {
			return
		}
		b.s.Read = append(b.s.Read, absolute)
		b.binaries(filepath.Dir(absolute))
		to, err := os.Readlink(absolute)
		if err != nil {
			return
		}
		if path = to; !filepath.IsAbs(to) {
			path = filepath.Join(filepath.Dir(absolute), to)
		}
	}
}

// binaries makes a folder of programs readable, and what they need beside it.
func (b *bounds) binaries(dir string) {
	above := filepath.Dir(dir)
	switch filepath.Base(dir) {
	case "bin", "sbin", "shims":
		if filepath.Base(above) != ".local" && !contains(above, b.home) {
			b.folder(above)
			return
		}
	}
	b.folder(dir)
}

// ofUser makes readable what variables of the environment name, and what lies in the usual places
// of the user's home.
func (b *bounds) ofUser(env []string) {
	base := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case name == "HOME", name == "XDG_CACHE_HOME", name == "XDG_DATA_HOME":
			base[name] = value
		case name == "GOCOVERDIR":
			b.s.Write = append(b.s.Write, value)
		case name == "PATH":
			for _, dir := range filepath.SplitList(value) {
				if filepath.IsAbs(dir) {
					b.binaries(filepath.Clean(dir))
				}
			}
		case slices.Contains([]string{"TMPDIR", "TMP", "TEMP"}, name), strings.HasPrefix(name, "XDG_"),
			strings.HasPrefix(name, "SLURM_"):
		default:
			for _, path := range filepath.SplitList(value) {
				if filepath.IsAbs(path) {
					b.folder(path)
				}
			}
		}
	}
	for _, path := range ofHome {
		place := filepath.Join(base["HOME"], path)
		if rest, is := strings.CutPrefix(path, ".cache/"); is && base["XDG_CACHE_HOME"] != "" {
			place = filepath.Join(base["XDG_CACHE_HOME"], rest)
		}
		if rest, is := strings.CutPrefix(path, ".local/share/"); is && base["XDG_DATA_HOME"] != "" {
			place = filepath.Join(base["XDG_DATA_HOME"], rest)
		}
		b.folder(place)
	}
}

// pythonOf returns the Python interpreter of a command line: its program, or the one that the first
// line of its script names; empty if it is none.
func pythonOf(argv []string) string {
	isPython := func(path string) bool { return strings.HasPrefix(filepath.Base(path), "python") }
	if isPython(argv[0]) {
		return argv[0]
	}
	f, err := os.Open(argv[0])
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	words, is := strings.CutPrefix(string(line), "#!")
	if !is {
		return ""
	}
	for _, word := range strings.Fields(words) {
		if isPython(word) {
			return word
		}
	}
	return ""
}

// whereModules prints the folders in which an interpreter looks for modules, and those of packages
// that are installed from where they are edited.
const whereModules = `
import sys
paths = sys.path + [sys.prefix, sys.base_prefix, sys.exec_prefix]
for name, module in list(sys.modules.items()):
    if name.startswith("__editable__"):
        paths += map(str, getattr(module, "MAPPING", {}).values())
print("\0".join(p for p in paths if p), end="")
`

// pythonPath asks a Python interpreter, once, where it finds modules. It runs none of a plugin's
// code.
func (h *Host) pythonPath(ctx context.Context, python string, env []string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.python[python]; ok {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, min(h.options.StartTimeout, 20*time.Second))
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", whereModules)
	cmd.Env, cmd.Dir = env, "/" // where no module of a plugin lies
	out, _ := cmd.Output()      // where that fails, the plugin fails, too
	h.python[python] = strings.Split(string(out), "\x00")
	return h.python[python]
}
