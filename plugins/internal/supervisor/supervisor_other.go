//go:build !linux

package supervisor

import (
	"os"
	"os/exec"
	"sync"
)

// Tree is a program that runs, with the processes of its group.
type Tree struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	ended bool
}

// Start starts a program. Its error is that of the system call that failed.
func Start(c Config) (*Tree, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.Env, c.Stdout, c.Stderr
	if c.Extra != nil {
		cmd.ExtraFiles = []*os.File{c.Extra}
	}
	inOwnGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Tree{cmd: cmd}, nil
}

// PID is the number of the program's process, and of its group.
func (t *Tree) PID() int { return t.cmd.Process.Pid }

// Kill ends the program and all of its group. It does not wait for their end.
func (t *Tree) Kill() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return // its number may belong to another process
	}
	if killGroup(t.PID()) != nil {
		_ = t.cmd.Process.Kill()
	}
}

// Wait returns once the program has ended: nil if its exit status was 0, or an error with the
// status or signal. What is left of the group is killed.
func (t *Tree) Wait() error {
	err := t.cmd.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = killGroup(t.PID())
	t.ended = true
	return err
}

// Landlock would be the version of Landlock's interface.
var Landlock = func() int { return 0 }

// Available would be how much memory can still be used; this system's is not limited.
func Available() int64 { return 0 }
