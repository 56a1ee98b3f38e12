package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The first arguments of a supervisor, and of the process that becomes a confined program.
const (
	name         = "noisebench-supervisor"
	confinedName = "noisebench-confined"
)

// What a supervisor's descriptors from 5 on are.
const (
	withExtra = "extra"
	withRules = "rules"
)

const (
	// patience is how long processes that were killed may take to end: one that waits for a broken
	// disk does not end.
	patience = 3 * time.Second
	// preferred is what is added to the badness of a program in the eyes of the kernel when memory
	// runs out, in thousandths of all memory.
	preferred = "500"
)

func init() {
	if len(os.Args) > 1 && os.Args[0] == confinedName {
		confined(os.Args[1], os.Args[1:])
	}
	if len(os.Args) > 3 && os.Args[0] == name {
		memory, err := strconv.ParseInt(os.Args[1], 10, 64)
		if err != nil {
			memory = 0
		}
		supervise(memory, strings.Split(os.Args[2], ","), os.Args[3], os.Args[3:])
		syscall.Exit(0) // not os.Exit, which waits for a second under the race detector
	}
}

// Tree is a program that runs, with all its descendants.
type Tree struct {
	pid        int
	supervisor *exec.Cmd
	control    *os.File // whose end is the order to end
	reports    *bufio.Reader
	limit      int64
	once       sync.Once
	gone       chan struct{}
}

// Start starts a program. Its error is that of the system call that failed.
func Start(c Config) (*Tree, error) {
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer controlR.Close()
	reportR, reportW, err := os.Pipe()
	if err != nil {
		controlW.Close()
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.ExtraFiles = []*os.File{controlR, reportW} // descriptors 3 and 4
	var more []string                              // what the descriptors after them are
	if c.Extra != nil {
		more, cmd.ExtraFiles = append(more, withExtra), append(cmd.ExtraFiles, c.Extra)
	}
	if c.Sandbox != nil {
		rules, err := c.Sandbox.file()
		if err != nil {
			controlW.Close()
			reportR.Close()
			reportW.Close()
			return nil, fmt.Errorf("write down the rules of a sandbox: %w", err)
		}
		defer rules.Close()
		more, cmd.ExtraFiles = append(more, withRules), append(cmd.ExtraFiles, rules)
	}
	cmd.Args = append([]string{name, strconv.FormatInt(c.Memory, 10), strings.Join(more, ","), c.Path},
		c.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.Env, c.Stdout, c.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // which a terminal's Ctrl-C does not reach
	err = cmd.Start()
	reportW.Close()
	if err != nil {
		controlW.Close()
		reportR.Close()
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}
	t := &Tree{
		supervisor: cmd, control: controlW, reports: bufio.NewReader(reportR), limit: c.Memory,
		gone: make(chan struct{}),
	}
	var word string
	var number int
	if _, err := fmt.Fscanln(t.reports, &word, &number); err == nil && word == "started" {
		t.pid = number
		return t, nil
	}
	t.Kill()
	err = cmd.Wait()
	close(t.gone)
	reportR.Close()
	switch word {
	case "failed":
		return nil, &os.PathError{Op: "start", Path: c.Path, Err: syscall.Errno(number)}
	case "unconfined":
		return nil, fmt.Errorf("its sandbox could not be set up (%w)", syscall.Errno(number))
	}
	return nil, fmt.Errorf("its supervisor ended (%v) before it was started", err)
}

// PID is the number of the program's process, and of its group.
func (t *Tree) PID() int { return t.pid }

// Kill ends the program and all its descendants. It does not wait for their end.
func (t *Tree) Kill() {
	t.once.Do(func() {
		t.control.Close()
		go func() {
			select {
			case <-t.gone:
			case <-time.After(2 * patience): // the supervisor is suspended
				_ = t.supervisor.Process.Kill()
			}
		}()
	})
}

// Wait returns once the program and all its descendants have ended: nil if the program's exit
// status was 0, *MemoryError, or an error with the status or signal. It must be called once.
func (t *Tree) Wait() error {
	defer close(t.gone)
	result := errors.New("its supervisor was killed")
	for {
		var word string
		var number int64
		if _, err := fmt.Fscanln(t.reports, &word, &number); err != nil {
			break
		}
		switch word {
		case "memory":
			result = &MemoryError{t.limit}
		case "ended":
			if excess := (*MemoryError)(nil); !errors.As(result, &excess) {
				result = ending(syscall.WaitStatus(number))
			}
		}
	}
	_ = t.supervisor.Wait()
	t.Kill() // frees the pipe
	return result
}

// ending is the error that package os/exec has for a status.
func ending(s syscall.WaitStatus) error {
	switch {
	case s.Exited() && s.ExitStatus() == 0:
		return nil
	case s.Exited():
		return fmt.Errorf("exit status %d", s.ExitStatus())
	case s.CoreDump():
		return fmt.Errorf("signal: %v (core dumped)", s.Signal())
	}
	return fmt.Errorf("signal: %v", s.Signal())
}

// closeOnExec lets no descriptor but the standard ones reach what this process starts, not even
// those that the host itself has inherited.
func closeOnExec() {
	if unix.CloseRange(3, ^uint(0)>>33, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	entries, _ := os.ReadDir("/proc/self/fd") // on older kernels
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// supervise is the main function of a supervisor. It returns when all that it started has ended.
// more says what its descriptors from 5 on are.
func supervise(memory int64, more []string, path string, argv []string) {
	runtime.LockOSThread() // the program's parent in the sense of PDEATHSIG is a thread
	const none = ^uintptr(0)
	extra, rules := none, none
	for i, what := range more {
		switch what {
		case withExtra:
			extra = uintptr(5 + i)
		case withRules:
			rules = uintptr(5 + i)
		}
	}
	closeOnExec()
	control, report := os.NewFile(3, "control"), os.NewFile(4, "report")
	// The host handles signals, and closes control to end the program. They are not ignored here,
	// since the program would inherit that.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

	own, _ := os.ReadFile("/proc/self/oom_score_adj")
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(preferred), 0)
	attributes := &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2, extra},
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	var pid int
	var err error
	word := "failed"
	if rules == none {
		pid, err = syscall.ForkExec(path, argv, attributes)
	} else {
		pid, word, err = startConfined(argv, attributes, rules)
	}
	_ = os.WriteFile("/proc/self/oom_score_adj", own, 0)
	if err != nil {
		errno := syscall.EINVAL
		errors.As(err, &errno)
		fmt.Fprintf(report, "%s %d\n", word, int(errno))
		return
	}
	for fd := range more {
		_ = unix.Close(5 + fd)
	}
	if null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
		_ = unix.Dup2(null, 1) // the program's output ends with the program
		_ = unix.Dup2(null, 2)
	}
	fmt.Fprintf(report, "started %d\n", pid)

	var family sync.Mutex // while it is held, no child's number becomes another's
	var once sync.Once
	end := func() {
		once.Do(func() {
			time.AfterFunc(patience, func() { syscall.Exit(0) })
			for ; ; time.Sleep(time.Millisecond) {
				family.Lock()
				for _, p := range descendants(os.Getpid()) {
					_ = unix.Kill(p, unix.SIGKILL)
				}
				family.Unlock()
			}
		})
	}
	go func() {
		_, _ = io.Copy(io.Discard, control)
		end()
	}()
	if memory > 0 {
		go func() {
			watch(memory)
			fmt.Fprintf(report, "memory %d\n", memory)
			end()
		}()
	}
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return // there is no child left
		}
		family.Lock()
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		family.Unlock()
		if err == nil && ended == pid {
			fmt.Fprintf(report, "ended %d\n", uint32(status))
			go end()
		}
	}
}
