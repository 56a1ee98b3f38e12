package claim

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// boot identifies the kernel's run and the space of process numbers: containers of one machine
// share the former and have the latter for themselves.
var boot = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id)) + " " + space
})

// started is when a process started, in clock ticks since the boot; empty: there is none. A process
// that has ended but was not waited for has ended.
func started(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The name, in parentheses, may contain anything; the state is the field after it.
	field := strings.Fields(string(stat[1+strings.LastIndexByte(string(stat), ')'):]))
	const state, start = 0, 19
	if len(field) <= start || field[state] == "Z" || field[state] == "X" {
		return ""
	}
	return field[start]
}

// mayLive reports whether a process with this start time may still be running. The processes of
// other users can be hidden.
func mayLive(pid int, start string) bool {
	if now := started(pid); now != "" {
		return now == start
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.EPERM)
}
