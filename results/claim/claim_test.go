package claim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// run is the ID of the i-th run.
func run(i int) string { return fmt.Sprintf("%064x", i) }

// clock is a clock that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func take(t *testing.T, c *Claimant, id string) (held context.Context, release func(), ok bool) {
	t.Helper()
	held, release, ok, err := c.Take(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return held, release, ok
}

// nothingLeft fails the test unless all claimants left the folder as it was.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v; want nothing", files, err)
	}
}

func TestOneOfManyClaims(t *testing.T) {
	dir := t.TempDir()
	const claimants, runs, rounds = 8, 5, 200
	var holders [runs]atomic.Int32
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range claimants {
		c := New(dir, Config{})
		wg.Go(func() {
			defer c.Close()
			for round := range rounds {
				i := round % runs
				_, release, ok, err := c.Take(context.Background(), run(i))
				if err != nil {
					t.Error(err)
				}
				if !ok {
					continue
				}
				if n := holders[i].Add(1); n != 1 {
					t.Errorf("%d claimants hold run %d, want 1", n, i)
				}
				taken.Add(1)
				holders[i].Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if taken.Load() < runs {
		t.Errorf("%d claims succeeded, want at least %d", taken.Load(), runs)
	}
	nothingLeft(t, dir)
}

func TestHeartbeats(t *testing.T) {
	dir, time0 := t.TempDir(), newClock()
	config := Config{Now: time0.Now, Beat: 20 * time.Second, Stale: 5 * time.Minute}
	owner, other := New(dir, config), New(dir, config)
	held, release, ok := take(t, owner, run(1))
	if !ok {
		t.Fatal("the first claim failed")
	}
	if _, _, ok := take(t, owner, run(1)); ok {
		t.Error("a process claimed its own run once more")
	}
	for range 60 { // as long as there are heartbeats, the claim holds
		time0.advance(20 * time.Second)
		owner.Heartbeat()
		if _, _, ok := take(t, other, run(1)); ok {
			t.Fatal("a claim with heartbeats was taken over")
		}
	}
	looks := 0
	for ; looks < 100; looks++ { // then its owner is suspended
		time0.advance(20 * time.Second)
		if _, _, ok = take(t, other, run(1)); ok {
			break
		}
	}
	if want := 14; looks != want {
		t.Errorf("a claim without heartbeats was taken over after %d looks, want %d", looks, want)
	}
	if held.Err() != nil {
		t.Error("the owner lost its claim before it could know")
	}
	owner.Heartbeat() // it wakes up
	if held.Err() == nil {
		t.Error("an owner that was taken for dead keeps its claim, want the context ended")
	}
	release()
	if _, _, ok := take(t, owner, run(1)); ok {
		t.Error("the former owner claimed a run that another makes")
	}
	if _, _, ok := take(t, owner, run(2)); !ok {
		t.Error("the former owner cannot claim another run")
	}
	claims, err := List(dir)
	if err != nil || len(claims) != 2 || claims[0].Owner.Token != other.Owner().Token ||
		claims[1].Owner.Token != owner.Owner().Token {
		t.Errorf("claims are %v, %v; want run 1 of %v and run 2 of %v", claims, err, other.Owner(), owner.Owner())
	}
	owner.Close()
	other.Close()
	nothingLeft(t, dir)
}

// An observer that was itself suspended, or whose clock jumped, has seen nothing.
func TestSuspendedObserver(t *testing.T) {
	dir, time0 := t.TempDir(), newClock()
	owner, observer := New(dir, Config{Now: time0.Now}), New(dir, Config{Now: time0.Now})
	take(t, owner, run(1))
	take(t, observer, run(1))
	time0.advance(time.Hour)
	if _, _, ok := take(t, observer, run(1)); ok {
		t.Error("a claim was taken over after one look")
	}
	owner.Close()
	observer.Close()
	nothingLeft(t, dir)
}

func TestFreeAgain(t *testing.T) {
	dir := t.TempDir()
	a, b := New(dir, Config{}), New(dir, Config{})
	_, release, _ := take(t, a, run(1))
	if _, _, ok := take(t, b, run(1)); ok {
		t.Fatal("two claimants hold a run")
	}
	release()
	if _, _, ok := take(t, b, run(1)); !ok {
		t.Error("a released run cannot be claimed")
	}
	release() // which is no longer this one's
	if !b.mine(filepath.Join(dir, "claims", run(1))) {
		t.Error("a second release removed another's claim")
	}
	a.Close()
	b.Close()
	nothingLeft(t, dir)
}

// A file that is not a claim, in the place of one, is taken over as if its owner were dead.
func TestNoClaim(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"empty":     func(path string) error { return os.WriteFile(path, nil, 0o666) },
		"text":      func(path string) error { return os.WriteFile(path, []byte("hello\n1\n"), 0o666) },
		"no number": func(path string) error { return os.WriteFile(path, []byte(`{"token":"A"}`+"\nx\n"), 0o666) },
		"long":      func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 1<<20)), 0o666) },
		"link":      func(path string) error { return os.Symlink("/dev/zero", path) },
		"folder":    func(path string) error { return os.Mkdir(path, 0o777) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, time0 := t.TempDir(), newClock()
			if err := os.Mkdir(filepath.Join(dir, "claims"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := make(filepath.Join(dir, "claims", run(1))); err != nil {
				t.Fatal(err)
			}
			c := New(dir, Config{Now: time0.Now})
			ok := false
			for range 20 {
				if _, _, ok = take(t, c, run(1)); ok {
					break
				}
				time0.advance(20 * time.Second)
			}
			if !ok {
				t.Error("the run can never be claimed")
			}
			if claims, err := List(dir); err != nil || len(claims) != 1 {
				t.Errorf("claims are %v, %v; want 1", claims, err)
			}
			c.Close()
			nothingLeft(t, dir)
		})
	}
}

func TestCannotClaim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	c := New(dir, Config{})
	defer c.Close()
	_, _, ok, err := c.Take(t.Context(), run(1))
	if ok || err == nil || !strings.Contains(err.Error(), "cannot claim run 000000000000") {
		t.Errorf("ok %t, error %v; want an error that names the run", ok, err)
	}
}

// A process that was killed is dead at once, and the next claimant removes what it left.
func TestKilledProcess(t *testing.T) {
	if boot() == "" {
		t.Skip("processes of this system cannot be told apart")
	}
	const variable = "NOISEBENCH_TEST_CLAIM"
	if dir := os.Getenv(variable); dir != "" {
		c := New(dir, Config{})
		for i := range 3 {
			take(t, c, run(i))
		}
		fmt.Println("claimed")
		select {}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), variable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	early := New(dir, Config{})
	if _, _, ok := take(t, early, run(0)); ok {
		t.Error("the claim of a process that is alive was taken over")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if claims, err := List(dir); err != nil || len(claims) != 3 || !claims[0].Gone {
		t.Errorf("claims are %v, %v; want 3 of a process that is gone", claims, err)
	}
	if _, _, ok := take(t, early, run(0)); !ok {
		t.Error("the claim of a process that was killed cannot be taken over")
	}
	idle := New(dir, Config{}) // which has nothing to claim
	idle.Close()
	if claims, err := List(dir); err != nil || len(claims) != 1 {
		t.Errorf("claims are %v, %v; want run 0 alone", claims, err)
	}
	late := New(dir, Config{})
	take(t, late, run(9))
	if claims, err := List(dir); err != nil || len(claims) != 2 {
		t.Errorf("claims are %v, %v; want runs 0 and 9", claims, err)
	}
	early.Close()
	late.Close()
	nothingLeft(t, dir)
}
