//go:build !linux

package wire

import (
	"os/exec"
	"sync"
)

// reap returns when cmd has ended, with lock held, and with it every process of its group.
func reap(cmd *exec.Cmd, lock sync.Locker) error {
	err := cmd.Wait()
	lock.Lock()
	_ = killGroup(cmd.Process.Pid)
	return err
}
