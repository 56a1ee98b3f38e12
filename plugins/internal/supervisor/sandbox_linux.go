package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Landlock is the version of Landlock's interface that the kernel has; 0: none, so that nothing can
// be confined. It is a variable for tests.
var Landlock = func() int {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// file returns an anonymous file that holds the rules.
func (s *Sandbox) file() (*os.File, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("noisebench-rules", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "rules")
	if _, err := f.WriteAt(text, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// startConfined starts the process that becomes the confined program. The descriptor of its rules
// is given. word tells what an error is one of: "failed" to start, or "unconfined".
func startConfined(
	argv []string, attributes *syscall.ProcAttr, rules uintptr,
) (pid int, word string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, "failed", err
	}
	defer r.Close()
	attributes.Files = append(attributes.Files, rules, w.Fd()) // descriptors 4 and 5
	pid, err = syscall.ForkExec("/proc/self/exe", append([]string{confinedName}, argv...), attributes)
	w.Close()
	if err != nil {
		return 0, "failed", err
	}
	text, _ := io.ReadAll(r) // until it is the program
	if len(text) == 0 {
		return pid, "", nil
	}
	_, _ = syscall.Wait4(pid, nil, 0, nil)
	number := int(syscall.EINVAL)
	_, _ = fmt.Sscan(string(text), &word, &number)
	return 0, word, syscall.Errno(number)
}

// confined applies the rules at descriptor 4 to this process and becomes the program at path. If it
// cannot, it writes why to descriptor 5.
func confined(path string, argv []string) {
	runtime.LockOSThread()
	unix.CloseOnExec(4)
	unix.CloseOnExec(5)
	word := "unconfined"
	err := confine(os.NewFile(4, "rules"))
	if err == nil {
		word = "failed"
		err = syscall.Exec(path, argv, os.Environ())
	}
	errno := syscall.EINVAL
	errors.As(err, &errno)
	fmt.Fprintf(os.Stderr, "[ERROR] noisebench: start in a sandbox: %v\n", err)
	fmt.Fprintf(os.NewFile(5, "errors"), "%s %d\n", word, int(errno))
	syscall.Exit(1)
}

// confine applies the rules in a file to this process.
func confine(rules *os.File) error {
	var s Sandbox
	if err := json.NewDecoder(io.NewSectionReader(rules, 0, 1<<40)).Decode(&s); err != nil {
		return err
	}
	var all []landlock.Rule
	for _, path := range s.Read {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			all = append(all, landlock.ROFiles(path).IgnoreIfMissing())
		} else if err == nil {
			all = append(all, landlock.RODirs(path).IgnoreIfMissing())
		}
	}
	write := landlock.RWDirs(s.Write...).IgnoreIfMissing()
	if Landlock() >= 2 { // older ones cannot allow to rename from folder to folder
		write = write.WithRefer()
	}
	all = append(all, write, landlock.PathAccess(ll.AccessFSReadDir, s.List...).IgnoreIfMissing())
	for _, path := range s.Devices {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			all = append(all, landlock.RWFiles(path).WithIoctlDev().IgnoreIfMissing())
		} else if err == nil {
			all = append(all, landlock.RWDirs(path).WithIoctlDev().IgnoreIfMissing())
		}
	}
	most := landlock.V9.BestEffort() // of which the kernel applies what it has
	if err := most.RestrictPaths(all...); err != nil {
		return err
	}
	// A program may listen, since the contract lets it, but not connect to others.
	connect := landlock.Config{HandledAccessNet: ll.AccessNetConnectTCP}.BestEffort()
	if err := connect.RestrictNet(); err != nil {
		return err
	}
	return most.RestrictScoped()
}
