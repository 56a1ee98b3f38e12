package supervisor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// growth is how fast a program's memory is expected to grow at most, in bytes a second, by several
// threads that touch new pages.
const growth = 8 << 30

// watch returns when the descendants of this process have more memory in use than limit.
func watch(limit int64) {
	for {
		used := use(limit)
		if used > limit {
			return
		}
		soon := time.Duration(float64(limit-used) / growth * float64(time.Second))
		time.Sleep(min(max(soon, 10*time.Millisecond), time.Second))
	}
}

// use is how much memory the descendants of this process have in use together, in bytes: what they
// have written and the shared memory that they have mapped, also where it was swapped out, but no
// pages of files, which the kernel can take back. Memory that several processes share counts in
// equal shares. It is exact only beyond the limit, since that takes long to compute.
func use(limit int64) int64 {
	all := descendants(os.Getpid())
	sum := func(file string, fields ...string) (total int64) {
		for _, pid := range all {
			total += kilobytes(fmt.Sprintf("/proc/%d/%s", pid, file), fields) << 10
		}
		return total
	}
	used := sum("status", "RssAnon:", "RssShmem:", "VmSwap:") // what is shared counts for each
	if used <= limit {
		return used
	}
	// unless the system has none
	if exact := sum("smaps_rollup", "Pss_Anon:", "Pss_Shmem:", "SwapPss:"); exact > 0 {
		return exact
	}
	return used
}

// kilobytes adds up lines of a file, such as "VmSwap: 12 kB".
func kilobytes(path string, fields []string) (sum int64) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(text)) {
		for _, f := range fields {
			if rest, is := strings.CutPrefix(line, f); is {
				number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB"))
				n, _ := strconv.ParseInt(number, 10, 64)
				sum += n
			}
		}
	}
	return sum
}

// descendants are the processes that a process has started, those that these have started, and so
// on.
func descendants(of int) (found []int) {
	entries, _ := os.ReadDir("/proc")
	children := map[int][]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state parent …; the name may contain anything
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 2 || string(fields[0]) == "Z" {
			continue // a dead process has no children
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	found = children[of]
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// Available is how much memory this process and what it starts can still use, in bytes, as reported
// by the system and the process's control group; 0: unknown.
func Available() int64 {
	available := kilobytes("/proc/meminfo", []string{"MemAvailable:", "SwapFree:"}) << 10
	membership, _ := os.ReadFile("/proc/self/cgroup")
	_, group, unified := strings.Cut(strings.TrimSpace(string(membership)), "0::")
	for ; unified && strings.HasPrefix(group, "/"); group = filepath.Dir(group) {
		most, err1 := number(filepath.Join("/sys/fs/cgroup", group, "memory.max"))
		used, err2 := number(filepath.Join("/sys/fs/cgroup", group, "memory.current"))
		if err1 == nil && err2 == nil {
			available = min(available, max(most-used, 0))
		}
		if group == "/" {
			break
		}
	}
	return available
}

// number reads a file that holds a whole number.
func number(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}
