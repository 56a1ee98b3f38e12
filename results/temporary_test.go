package results

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// beWriter is a process in the middle of saving a record: it says where its temporary file is,
// waits for the end of its input, and goes on.
func beWriter(dir string) {
	s := newStore(dir)
	data, err := Encode(example(1))
	if err != nil {
		panic(err)
	}
	id := example(1).Run.ID()
	tmp, err := s.writeTemporary(id, encoder().EncodeAll(data, nil))
	if err != nil {
		panic(err)
	}
	fmt.Println(tmp.path)
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.makeDir(filepath.Dir(s.Path(id))); err != nil {
		panic(err)
	}
	if err := os.Link(tmp.path, s.Path(id)); err != nil {
		panic(err)
	}
	tmp.remove()
}

// writer starts beWriter.
func writer(t *testing.T, dir string) (cmd *exec.Cmd, goOn io.Closer, path string) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	cmd.Env = append(os.Environ(), "NOISEBENCH_TEST_WRITER="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, in, strings.TrimSpace(line)
}

func TestWriterProcess(t *testing.T) {
	dir := os.Getenv("NOISEBENCH_TEST_WRITER")
	if dir == "" {
		t.Skip("a part of TestKilledWriter")
	}
	beWriter(dir)
}

// What a writer leaves that was killed is removed at the next start; what a living one is about to
// save is not.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	killed, _, stale := writer(t, dir)
	living, goOn, fresh := writer(t, dir)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	if !exists(stale) || !exists(fresh) {
		t.Fatalf("before the start: %s is there: %t, %s: %t; want both", stale, exists(stale), fresh, exists(fresh))
	}
	s := open(t, dir)
	if runtime.GOOS == "linux" && exists(stale) {
		t.Errorf("%s was left by a killed writer, and is still there", stale)
	}
	if !exists(fresh) {
		t.Errorf("%s belongs to a living writer, and is gone", fresh)
	}
	if err := goOn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := living.Wait(); err != nil {
		t.Fatalf("the living writer: %v", err)
	}
	if _, found, err := s.Lookup(example(1).Run.ID()); !found || err != nil {
		t.Errorf("the living writer's record was found: %t, %v", found, err)
	}
	if left := files(t, filepath.Join(dir, "tmp")); len(left) != 0 {
		t.Errorf("left in tmp: %v", left)
	}
}

// Files of other machines, whose locks may not be seen here, get a day.
func TestStaleFilesOfOthers(t *testing.T) {
	dir := t.TempDir()
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"elsewhere.1.hour":      true,
		"elsewhere.1.day":       false,
		hostname() + ".1.hour":  false,
		hostname() + ".1.hour.": true, // not a name that a store makes
	} {
		path := filepath.Join(tmp, strings.Repeat("0", 64)+"."+name)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		age := time.Hour
		if strings.HasSuffix(name, "day") {
			age = 25 * time.Hour
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
		open(t, dir)
		if stayed := exists(path); stayed != want {
			t.Errorf("%s: stayed is %t, want %t", filepath.Base(path), stayed, want)
		}
	}
	folder := filepath.Join(tmp, "folder")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if open(t, dir); !exists(folder) {
		t.Error("a folder in tmp is gone")
	}
}
