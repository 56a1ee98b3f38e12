//go:build unix

package worker

import (
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C at the terminal from the process: it is told to stop by a message.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the process and those that it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
