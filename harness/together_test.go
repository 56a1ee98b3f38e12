package harness

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/claim"
)

// Several harnesses on one store make each run once (memoryStore refuses a second), and all end
// with the cells that one alone gets.
func TestHarnessesShareTheWork(t *testing.T) {
	want := stripped(mustExecute(t, testCampaign(t, testPlan()), newMemoryStore(), 1))
	store, dir := newMemoryStore(), t.TempDir()
	const harnesses = 4
	var wg sync.WaitGroup
	made := make([]int, harnesses)
	for h := range harnesses {
		c := testCampaign(t, testPlan(), slowly(scriptedDef(nil, nil)))
		claims := claim.New(dir, claim.Config{})
		wg.Go(func() {
			defer claims.Close()
			var last Progress
			cells, err := c.Execute(context.Background(), Options{
				Store: store, Parallel: 2, Claims: claims, Progress: func(p Progress) { last = p },
			})
			if err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(want, stripped(cells)); d != "" {
				t.Error(d)
			}
			made[h] = last.Done - last.Found
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range made {
		sum += n
	}
	if sum != len(store.commits) {
		t.Errorf("the harnesses made %v runs, want %d together", made, len(store.commits))
	}
	for h, n := range made {
		if n < sum/harnesses/3 {
			t.Errorf("harness %d made %d runs of %v, want about a quarter", h, n, made)
		}
	}
}

// slowly is an optimizer whose steps take some time.
func slowly(o protocol.OptimizerDef) protocol.OptimizerDef {
	inner := o.New64
	o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		opt, request, err := inner(s)
		return slow{opt}, request, err
	}
	return o
}

type slow struct{ protocol.Optimizer[float64] }

func (o slow) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	time.Sleep(50 * time.Microsecond)
	return o.Optimizer.Step(x, m)
}

// A run whose claim is lost is left to the other harness.
func TestLostClaim(t *testing.T) {
	store := newMemoryStore()
	c := testCampaign(t, testPlan(), slowly(scriptedDef(nil, nil)))
	claims := &losing{random: rand.New(rand.NewPCG(1, 1))}
	if _, err := c.Execute(context.Background(), Options{Store: store, Parallel: 2, Claims: claims}); err != nil {
		t.Fatal(err)
	}
	if claims.lost == 0 {
		t.Error("no claim was lost: the test shows nothing")
	}
}

// losing are claims of which some are lost or, for a while, held by another harness.
type losing struct {
	mu     sync.Mutex
	random *rand.Rand
	lost   int
}

func (l *losing) Take(ctx context.Context, _ string) (held context.Context, release func(), ok bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.random.IntN(5) {
	case 0:
		return nil, nil, false, nil
	case 1:
		l.lost++
		held, cancel := context.WithCancel(ctx)
		cancel()
		return held, func() {}, true, nil
	}
	return ctx, func() {}, true, nil
}

func TestClaimsThatFail(t *testing.T) {
	c := testCampaign(t, testPlan())
	broken := errors.New("no space left")
	_, err := c.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 2, Claims: failing{broken}})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Take(context.Context, string) (held context.Context, release func(), ok bool, err error) {
	return nil, nil, false, f.err
}

// A harness that only waits for others ends with its context.
func TestWaitingEndsWithTheContext(t *testing.T) {
	c := testCampaign(t, testPlan())
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var last Progress
	_, err := c.Execute(ctx, Options{
		Store: newMemoryStore(), Parallel: 2, Claims: failing{}, Progress: func(p Progress) { last = p },
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if last.Elsewhere == 0 {
		t.Error("progress reports no run that others make")
	}
}

func TestOnlySomeCells(t *testing.T) {
	store := newMemoryStore()
	c := testCampaign(t, testPlan())
	only := func(problem, optimizer string) bool { return problem == "points" && strings.HasPrefix(optimizer, "f") }
	cells, err := c.Execute(context.Background(), Options{Store: store, Parallel: 2, Only: only})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		if made := len(cell.Runs) == 10; made != (cell.Optimizer == "fixed") {
			t.Errorf("%s has %d runs", cell.Optimizer, len(cell.Runs))
		}
	}
	if len(store.commits) != 10 {
		t.Errorf("%d runs were made, want the 10 of one cell", len(store.commits))
	}
	none := func(string, string) bool { return false }
	if _, err := c.Execute(context.Background(), Options{Store: store, Parallel: 2, Only: none}); err == nil ||
		!strings.Contains(err.Error(), "no pair of a problem and an optimizer is selected") {
		t.Errorf("error %v, want that nothing is selected", err)
	}
}

// checkpointMap is a CheckpointStore in memory.
type checkpointMap struct {
	mu     sync.Mutex
	data   map[string][]byte
	loaded int
	after  int // so many that are saved
	enough func()
}

func (m *checkpointMap) LoadCheckpoint(id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data[id] != nil {
		m.loaded++
	}
	return m.data[id], nil
}

func (m *checkpointMap) SaveCheckpoint(id string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data[id] = data
	if m.after--; m.after == 0 {
		m.enough()
	}
	return nil
}

func (m *checkpointMap) RemoveCheckpoint(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.data, id)
	return nil
}

// A campaign that is stopped again and again resumes its runs and ends as one that was not.
func TestCampaignResumesRuns(t *testing.T) {
	plan := testPlan()
	plan.Optimizers = []protocol.OptimizerEntry{{Optimizer: "busy"}}
	def := busyDef(false)
	want := stripped(mustExecute(t, testCampaign(t, plan, def), newMemoryStore(), 1))
	store, kept := newMemoryStore(), &checkpointMap{data: map[string][]byte{}}
	var cells []results.Cell
	for err := error(context.Canceled); err != nil; {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		kept.after, kept.enough = 4, cancel // by then a run got on, however slow the machine is
		cells, err = testCampaign(t, plan, slowly64(def)).Execute(ctx, Options{
			Store: store, Parallel: 2, Checkpoints: kept, Every: time.Millisecond,
			Note: func(text string) { t.Error(text) },
		})
		cancel()
	}
	if d := cmp.Diff(want, stripped(cells)); d != "" {
		t.Error(d)
	}
	if kept.loaded == 0 {
		t.Error("no run was resumed")
	}
	if len(kept.data) > 0 {
		t.Errorf("%d checkpoints are left behind", len(kept.data))
	}
}

// slowly64 is slowly for an optimizer whose other methods count.
func slowly64(o protocol.OptimizerDef) protocol.OptimizerDef {
	inner := o.New64
	o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		opt, request, err := inner(s)
		return slowBusy{opt.(*busy)}, request, err
	}
	return o
}

type slowBusy struct{ *busy }

func (o slowBusy) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	time.Sleep(50 * time.Microsecond)
	return o.busy.Step(x, m)
}
