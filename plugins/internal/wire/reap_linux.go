package wire

import (
	"os/exec"
	"sync"

	"golang.org/x/sys/unix"
)

// reap returns when cmd has ended, with lock held, and with it every process of its group. The group is killed while
// its leader is a zombie, so that its number cannot have become another's.
func reap(cmd *exec.Cmd, lock sync.Locker) error {
	for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	lock.Lock()
	_ = killGroup(cmd.Process.Pid)
	return cmd.Wait()
}
