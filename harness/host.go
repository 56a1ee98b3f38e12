package harness

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"noisebench/protocol/platform"
	"noisebench/results"
)

// ThisHost returns the provenance of records that are made by this build of noisebench on this
// machine, for [Options].Host.
func ThisHost() results.Host {
	machine, err := os.Hostname()
	if err != nil {
		machine = "unknown"
	}
	return results.Host{
		Harness:   version(),
		GoVersion: runtime.Version(),
		Platform:  platform.Name(),
		CPU:       cpuModel(),
		Cores:     runtime.NumCPU(),
		Machine:   machine,
	}
}

// version is the version of noisebench, with the revision that it was built from where that is
// known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	if revision, modified := Revision(); revision != "" {
		v += " " + revision
		if modified {
			v += " (modified)"
		}
	}
	return v
}

// Revision returns the commit that this program was built from, and whether files had been modified
// since; empty if it is not known.
func Revision() (commit string, modified bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	return commit, modified
}

// cpuModel is the name of the processor, if the system provides it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	return cpuModelIn(f)
}

func cpuModelIn(cpuinfo io.Reader) string {
	for s := bufio.NewScanner(cpuinfo); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), ":"); ok &&
			strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
