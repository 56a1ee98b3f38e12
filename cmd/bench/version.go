package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"

	"noisebench/protocol"
	"noisebench/results"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print what records say of this program and this machine",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := thisHost()
			return printColumns(cmd.OutOrStdout(), [][]string{
				{"noisebench", h.Harness},
				{"protocol", fmt.Sprint(protocol.Version)},
				{"go", h.GoVersion},
				{"platform", h.Platform},
				{"cpu", fmt.Sprintf("%s, %d cores", h.CPU, h.Cores)},
			})
		},
	}
}

// thisHost is what records say of where they were made.
func thisHost() results.Host {
	machine, err := os.Hostname()
	if err != nil {
		machine = "unknown"
	}
	return results.Host{
		Harness:   version(),
		GoVersion: runtime.Version(),
		Platform:  platform(),
		CPU:       cpuModel(),
		Cores:     runtime.NumCPU(),
		Machine:   machine,
	}
}

// version is the version of noisebench, with the revision that it was built from where that is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		v += " " + revision
		if settings["vcs.modified"] == "true" {
			v += " (modified)"
		}
	}
	return v
}

// platform is GOOS/GOARCH/CPU feature level: what the promise of equal bits holds for (R2).
func platform() string {
	p := runtime.GOOS + "/" + runtime.GOARCH
	if runtime.GOARCH != "amd64" {
		return p
	}
	x := cpu.X86
	// The levels of the x86-64 psABI, as far as they can be told apart by what package cpu detects.
	level := 1
	for _, has := range []bool{
		x.HasCX16 && x.HasPOPCNT && x.HasSSE3 && x.HasSSSE3 && x.HasSSE41 && x.HasSSE42,
		x.HasAVX && x.HasAVX2 && x.HasBMI1 && x.HasBMI2 && x.HasFMA && x.HasOSXSAVE,
		x.HasAVX512F && x.HasAVX512BW && x.HasAVX512CD && x.HasAVX512DQ && x.HasAVX512VL,
	} {
		if !has {
			break
		}
		level++
	}
	return fmt.Sprintf("%s/v%d", p, level)
}

// cpuModel is the name of the processor, where the system tells it.
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
		if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
