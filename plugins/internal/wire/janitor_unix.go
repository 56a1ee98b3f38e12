//go:build unix

package wire

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// janitorScript keeps the list of living process groups that it reads. When the host has gone,
// whatever ended it, it kills those that are left and removes the private folder.
const janitorScript = `
trap '' HUP INT TERM
groups=' '
while read -r line; do
	group=${line#?}
	case $line in
	+*) groups="$groups$group " ;;
	-*) case $groups in *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;; esac ;;
	esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
rm -rf -- "$1"
`

// Janitor is a small process that cleans up after the host, even if the host is killed.
type Janitor struct {
	mu  sync.Mutex
	in  *os.File
	cmd *exec.Cmd
}

// NewJanitor starts a janitor that will remove dir.
func NewJanitor(dir string) (*Janitor, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", janitorScript, "noisebench-janitor", dir)
	cmd.Stdin = r
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &Janitor{in: w, cmd: cmd}, nil
}

// Add registers a process group.
func (j *Janitor) Add(group int) { j.write("+", group) }

// Remove unregisters a process group that has ended.
func (j *Janitor) Remove(group int) { j.write("-", group) }

func (j *Janitor) write(sign string, group int) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	// If the janitor itself was killed, plugins still notice the end of their parent.
	_, _ = fmt.Fprintf(j.in, "%s%d\n", sign, group)
}

// Dismiss ends the janitor before it does anything.
func (j *Janitor) Dismiss() {
	if j == nil {
		return
	}
	_ = j.cmd.Process.Kill() // before the end of its input, which would start the cleanup
	_ = j.cmd.Wait()
	_ = j.in.Close()
}

// Close has the janitor clean up and waits for its end.
func (j *Janitor) Close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	err := j.in.Close()
	j.mu.Unlock()
	if err != nil {
		return err
	}
	late := time.AfterFunc(5*time.Second, func() { _ = j.cmd.Process.Kill() })
	defer late.Stop()
	return j.cmd.Wait()
}
