package board_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/harness/verify"
	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results/board"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

// Two people's bundles become one table.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for name, optimizers := range map[string][]string{"ours": {"sgd", "adam"}, "theirs": {"sgd", "m-sgd"}} {
		if _, err := testbundle.Make(dir, testbundle.Plan(name, optimizers...)); err != nil {
			panic(err)
		}
	}

	b, err := board.Open(dir, "", opened)
	if err != nil {
		panic(err)
	}
	for _, e := range b.Entries {
		fmt.Println(e.Name, "is in", len(e.Bundles), "of", len(b.Bundles), "bundles")
	}
	// Output:
	// sgd is in 2 of 2 bundles
	// adam is in 1 of 2 bundles
	// m-sgd is in 1 of 2 bundles
}

// opened reads a bundle of a board.
func opened(path string, known *bundle.Shared) *check.Checked {
	return verify.Open(path, verify.Options{Read: bundle.Options{Shared: known}})
}

func open(t *testing.T, dir string) *board.Board {
	t.Helper()
	b, err := board.Open(dir, "", opened)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makeBundle(t *testing.T, dir string, plan protocol.Plan) string {
	t.Helper()
	path, err := testbundle.Make(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tuned is a plan whose entries are tuned, and so ranked.
func tuned(name string, optimizers ...string) protocol.Plan {
	plan := testbundle.Plan(name, optimizers...)
	for i := range plan.Optimizers {
		plan.Optimizers[i].Set = nil
	}
	plan.Tuning.Runs = 3
	return plan
}

func TestBoard(t *testing.T) {
	dir := t.TempDir()
	makeBundle(t, dir, tuned("a", "sgd", "adam"))
	makeBundle(t, dir, tuned("b", "sgd"))
	named := tuned("c", "m-sgd")
	named.Optimizers[0].Name = "adam" // another optimizer of the same name
	makeBundle(t, dir, named)
	fixed := testbundle.Plan("d", "rmsprop") // not tuned by its plan
	fixed.Tuning.Runs = 3
	makeBundle(t, dir, fixed)
	other := tuned("e", "lion")
	other.Evaluations = 4
	makeBundle(t, dir, other) // made by other rules
	broken := filepath.Join(dir, "f"+bundle.Extension)
	if err := os.WriteFile(broken, []byte("no bundle"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".hidden"+bundle.Extension), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	b.Title = "Board"
	var entries []string
	for _, e := range b.Entries {
		entries = append(entries, fmt.Sprintf("%s in %d, ranked %t", e.Name, len(e.Bundles), e.Unranked == ""))
	}
	if want := []string{"sgd in 2, ranked true", "adam (a) in 1, ranked true", "adam (c) in 1, ranked true", "rmsprop in 1, ranked false"}; !slices.Equal(entries, want) {
		t.Errorf("the entries are\n%q, want\n%q", entries, want)
	}
	if len(b.Plan.Optimizers) != 3 || len(b.Plan.Problems) != 1 || len(b.Cells) != 4 || len(b.Bundles) != 4 {
		t.Errorf("the board has %d ranked optimizers, %d problems, %d cells and %d bundles, want 3, 1, 4 and 4",
			len(b.Plan.Optimizers), len(b.Plan.Problems), len(b.Cells), len(b.Bundles))
	}
	want := []string{"f.noisebench.tar.zst: integrity: ", "e.noisebench.tar.zst: made by other rules than most: evaluations: got 4, want 2"}
	if len(b.Refused) != 2 || !strings.HasPrefix(b.Refused[0], want[0]) || b.Refused[1] != want[1] {
		t.Errorf("refused are %q, want %q", b.Refused, want)
	}
	var text bytes.Buffer
	if err := b.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Title   string
		Bundles []struct{ File, Verified string }
		Entries []struct{ Name, Unranked string }
		Refused []string
		Report  struct{ Overall []any }
	}
	if err := json.Unmarshal(text.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if read.Title != "Board" || len(read.Bundles) != 4 || len(read.Entries) != 4 || len(read.Refused) != 2 || read.Bundles[0].Verified != "not verified" {
		t.Errorf("as JSON the board is %+v", read)
	}
}

// The outcome of runs that were made again is shown, if the saved report belongs to these contents.
func TestVerified(t *testing.T) {
	dir := t.TempDir()
	makeBundle(t, dir, tuned("a", "sgd", "adam"))
	root := open(t, dir).Bundles[0].Root
	for _, c := range []struct {
		what     string
		report   check.Report
		verified string
	}{
		{"none made again", check.Report{Root: root, OK: true}, "not verified"},
		{"the same bits", check.Report{Root: root, OK: true, Rerun: check.Reruns{Runs: 9, Made: 2, Bits: 2}}, "verified"},
		{"one differs", check.Report{Root: root, Rerun: check.Reruns{Runs: 9, Made: 2, Bits: 1, Differ: 1}}, "refuted"},
		{"another check failed", check.Report{Root: root, Rerun: check.Reruns{Runs: 9, Made: 2, Bits: 2}}, "not verified"},
		{"only within tolerances", check.Report{Root: root, OK: true, Rerun: check.Reruns{Runs: 9, Made: 2, Near: 2}}, "compared loosely"},
		{"to one side", check.Report{Root: root, Rerun: check.Reruns{Runs: 9, Made: 2, Near: 2, OneSided: 1}}, "refuted"},
		{"this row within tolerances", check.Report{
			Root: root, OK: true, Rerun: check.Reruns{Runs: 9, Made: 3, Bits: 1, Near: 2},
			Pairs: []check.PairReruns{
				{Optimizer: "sgd", Problem: "branin", Made: 2, Near: 2}, {Optimizer: "adam", Problem: "branin", Made: 1, Bits: 1},
			},
		}, "compared loosely"},
		{"this row not at all", check.Report{
			Root: root, OK: true, Rerun: check.Reruns{Runs: 9, Made: 1, Bits: 1},
			Pairs: []check.PairReruns{{Optimizer: "adam", Problem: "branin", Made: 1, Bits: 1}},
		}, "not verified"},
		{"other contents", check.Report{Root: "x", OK: true, Rerun: check.Reruns{Runs: 9, Made: 2, Bits: 2}}, "not verified"},
	} {
		verified := t.TempDir()
		if err := c.report.Save(verified); err != nil {
			t.Fatal(err)
		}
		b, err := board.Open(dir, verified, opened)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(b.Page(dir).Entries["sgd"].Verified); got != c.verified {
			t.Errorf("%s: the entry is %q, want %q", c.what, got, c.verified)
		}
		var markdown, html bytes.Buffer
		if err := (report.Ranking{Report: b.Report()}).WriteMarkdown(&markdown); err != nil {
			t.Fatal(err)
		}
		if err := page.Write(&html, b.Page(dir)); err != nil {
			t.Fatal(err)
		}
		loosely := c.verified == "compared loosely"
		if got := strings.Contains(markdown.String(), "sgd: its runs were only ever compared loosely"); got != loosely {
			t.Errorf("%s: as Markdown the row says so: %t, want %t", c.what, got, loosely)
		}
		if got := strings.Contains(html.String(), `<span class="badge loosely">compared loosely</span>`); got != loosely {
			t.Errorf("%s: on the page the row says so: %t, want %t", c.what, got, loosely)
		}
	}
	for _, text := range []string{"{", `{"root": "x"}`} {
		verified := t.TempDir()
		if err := os.WriteFile(filepath.Join(verified, root+".json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		b, err := board.Open(dir, verified, opened)
		if err != nil || len(b.Bundles) != 0 || len(b.Refused) != 1 || !strings.Contains(b.Refused[0], "make it again by: bench verify") {
			t.Errorf("a report with %s gives %v, %v, want it to be refused", text, b, err)
		}
	}
	// A report that says that runs were made again stays if another says of none.
	verified := t.TempDir()
	for _, r := range []check.Report{{Root: root, OK: true, Rerun: check.Reruns{Made: 2, Bits: 2}}, {Root: root, OK: true}} {
		if err := r.Save(verified); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := check.Saved(verified, root); err != nil || r.Rerun.Made != 2 {
		t.Errorf("the report that is kept is %v (%v)", r, err)
	}
}

// Nothing that lies with the bundles makes them verified, in whatever place.
func TestForgedReport(t *testing.T) {
	dir := t.TempDir()
	path := makeBundle(t, dir, tuned("a", "sgd"))
	root := open(t, dir).Bundles[0].Root
	forged := check.Report{Root: root, OK: true, Rerun: check.Reruns{Runs: 9, Made: 9, Bits: 9}}
	inside := filepath.Join(dir, "verified")
	for _, place := range []string{dir, inside} {
		if err := forged.Save(place); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, root+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".verify.json", text, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Page(dir).Entries["sgd"].Verified; got != page.Unverified {
		t.Errorf("the entry is %q", got)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(inside, link); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{dir, inside, link, dir + "/../" + filepath.Base(dir)} {
		if _, err := board.Open(dir, place, opened); err == nil || !strings.Contains(err.Error(), "want a place outside") {
			t.Errorf("reports in %s are used: %v", place, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	never := func(string, *bundle.Shared) *check.Checked { t.Error("something is opened"); return nil }
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := board.Open(dir, "", never); err == nil {
			t.Errorf("%s makes a board", dir)
		}
	}
}

// A board takes as many bundles as fit into its memory, and says which it leaves out.
func TestMemoryOfMany(t *testing.T) {
	dir := t.TempDir()
	path := makeBundle(t, dir, tuned("a", "sgd"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "c"} {
		if err := os.WriteFile(filepath.Join(dir, name+bundle.Extension), whole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var memory []int64
	b, err := board.Open(dir, "", func(path string, known *bundle.Shared) *check.Checked {
		x := opened(path, known)
		if memory = append(memory, x.Bundle.Memory); len(memory) == 3 {
			x.Bundle.Memory = 192 << 20
		}
		return x
	})
	if err != nil {
		t.Fatal(err)
	}
	if memory[0] < 1000 || memory[1] != 0 || memory[2] != 0 {
		t.Errorf("the records take %d bytes, want thousands for the first and none for the others, which share them", memory)
	}
	if len(b.Bundles) != 2 || len(b.Refused) != 1 || !strings.Contains(b.Refused[0], "c.noisebench.tar.zst: integrity: the records of the bundles before it") {
		t.Errorf("%d bundles, refused %q", len(b.Bundles), b.Refused)
	}
}

// A board leaves out bundles with which it would become too large, and shows nothing of them.
func TestTooLarge(t *testing.T) {
	defer board.LimitPairs(4)()
	dir := t.TempDir()
	makeBundle(t, dir, tuned("a", "sgd"))
	other := tuned("b", "sgd", "adam")
	other.Problems = append(other.Problems, protocol.ProblemEntry{Problem: "beale", Budget: 64})
	makeBundle(t, dir, other)
	makeBundle(t, dir, tuned("c", "adam"))
	b := open(t, dir)
	want := "b.noisebench.tar.zst: with it the board would compare 2 optimizers on 2 problems, that is 6 pairs, want at most 4"
	if len(b.Refused) != 1 || !strings.HasPrefix(b.Refused[0], want) || len(b.Bundles) != 2 || len(b.Entries) != 2 || len(b.Plan.Problems) != 1 {
		t.Errorf("%d bundles, %d entries and %d problems, refused %q; want 2, 2 and 1, %q", len(b.Bundles), len(b.Entries), len(b.Plan.Problems), b.Refused, want)
	}
}
