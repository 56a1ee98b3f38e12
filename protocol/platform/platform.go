// Package platform identifies the platform on which equal bits are guaranteed, for one version of
// Go (R2): system, architecture and CPU feature level.
package platform

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/cpu"
)

// Name is GOOS/GOARCH/CPU feature level, such as "linux/amd64/v3".
func Name() string {
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
