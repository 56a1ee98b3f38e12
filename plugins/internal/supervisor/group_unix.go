//go:build unix && !linux

package supervisor

import (
	"os/exec"
	"syscall"
)

// inOwnGroup makes cmd the leader of a new process group, which a terminal's Ctrl-C does not reach.
func inOwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills all processes of the group that pid leads.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
