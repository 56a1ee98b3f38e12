//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package results

import (
	"os"
	"syscall"
)

// lock locks a file for as long as it is open here. If another holds the lock it waits, or returns
// errHeld.
func lock(f *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), how); err {
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return errHeld
		default:
			return err
		}
	}
}
