package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"noisebench/protocol"
	"noisebench/results"
)

// pair is a plan of one optimizer on one problem with its definitions.
type pair struct {
	problem   protocol.ProblemDef
	optimizer protocol.OptimizerDef
}

func (p pair) Problem(string) (protocol.ProblemDef, error)     { return p.problem, nil }
func (p pair) Optimizer(string) (protocol.OptimizerDef, error) { return p.optimizer, nil }

var spec = protocol.ProblemSpec{
	Dim: 2, DType: protocol.Float64, Train: 10, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"},
	BatchSize: 1, Budget: 10, Constants: map[string]float64{"optimum": 0.1},
}

var example = pair{
	protocol.ProblemDef{
		Name: "p", Version: "2", Doc: "a problem", Source: "nowhere", Origin: protocol.Origin{Plugin: "x", SHA256: "ab"},
		Parameters: []protocol.Hyperparameter{protocol.Count("dim", "dimension", 2, 1)},
		Spec:       func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil },
		New64:      func(protocol.Setting) (protocol.Problem[float64], error) { panic("not to be opened") },
	},
	protocol.OptimizerDef{
		Name: "o", Version: "3", Doc: "an optimizer", Source: "nowhere", Origin: protocol.Origin{Plugin: "y", SHA256: "cd"},
		Hyperparameters: []protocol.Hyperparameter{
			protocol.StepSizeParameter(0.1),
			{Name: "beta", Default: 0.9, Max: 1, MaxOpen: true, Tuned: true, Grid: []float64{0.5, 0.9}},
		},
		Needs: protocol.Gradient, Reports: []string{"norm"},
		New64: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) { panic("not to be opened") },
	},
}

func planOf() *protocol.Plan {
	p := protocol.Plan{
		Name:       "small",
		Problems:   []protocol.ProblemEntry{{Problem: "p"}, {Problem: "p", Name: "p3", With: protocol.Setting{"dim": 3}, Schedule: &protocol.Schedule{}}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "o", Sweep: map[string][]float64{"beta": {0.1, 0.3}}}},
	}.WithDefaults()
	return &p
}

// store writes records to a folder and returns their paths.
func store(t testing.TB, n int) []string {
	t.Helper()
	s, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i := range n {
		r := &results.Record{
			Run: results.Run{
				Protocol: 1, Seed: uint64(n - i), Budget: 10, BatchSize: 1, Order: protocol.Reshuffled, Evaluations: 1,
				Problem:   results.ProblemID{Name: "p", Version: "2", Plugin: protocol.Origin{Plugin: "x", SHA256: "ab"}},
				Optimizer: results.OptimizerID{Name: "o", Version: "3", Setting: protocol.Setting{"step_size": 0.1}},
			},
			Spec:   spec,
			Points: []results.Point{{}, {Mark: 10, Seen: 10, Step: 10, Train: results.Value{Loss: protocol.Number(1 / float64(i+1))}}},
			Trace:  &results.Trace{Stride: 1, Seen: []int64{1}, Loss: []protocol.Number{1}, BatchSize: []int{1}},
			End:    results.End{Status: results.OK, Steps: 10, Seen: 10},
			Host: results.Host{
				Platform: "linux/amd64/v3", Clocks: results.Clocks{Started: fmt.Sprintf("2026-01-0%dT00:00:00Z", 1+i%9)},
			},
		}
		if i == 0 {
			r.End = results.End{Status: results.Failed, Reason: "crashed"}
		}
		if err := s.Commit(r); err != nil {
			t.Fatal(err)
		}
		path := s.Path(r.Run.ID())
		if i == 0 {
			path = s.FailedPath(r.Run.ID())
		}
		paths = append(paths, path)
	}
	return paths
}

func create(t testing.TB, paths []string) (string, Packed) {
	t.Helper()
	definitions, err := Describe(planOf(), example, slices.Values([]*results.Record{}))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x"+Extension)
	packed, err := Create(file, About{Title: "title", Authors: []string{"a", "b"}}, planOf(), definitions, paths)
	if err != nil {
		t.Fatal(err)
	}
	return file, packed
}

func TestRoundTrip(t *testing.T) {
	paths := store(t, 5)
	file, packed := create(t, paths)
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Faults) > 0 || b.Root != packed.Root || b.Size != packed.Size {
		t.Errorf("faults %v, root %s and size %d, want none, %s and %d", b.Faults, b.Root, b.Size, packed.Root, packed.Size)
	}
	if d := cmp.Diff(*planOf(), b.Plan); d != "" {
		t.Errorf("the plan changed: %s", d)
	}
	if f := b.About.Facts; f.Runs != 4 || f.Failed != 1 || f.First != "2026-01-01T00:00:00Z" || f.Last != "2026-01-05T00:00:00Z" {
		t.Errorf("facts are %+v", f)
	}
	for _, path := range paths {
		want, err := results.ReadRecord(path)
		if err != nil {
			t.Fatal(err)
		}
		id := ID(strings.TrimSuffix(path, ".zst"))
		got, err := RawRecord(file, id)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("run %.12s changed on its way: %v", id, err)
		}
		body := want[:1+bytes.LastIndexByte(want[:len(want)-1], '\n')]
		if sum := fmt.Sprintf("%x", sha256.Sum256(body)); b.Outcomes[id] != sum || b.Records[id] == nil {
			t.Errorf("run %.12s: outcome %s, want %s", id, b.Outcomes[id], sum)
		}
	}
	// Definitions read from a bundle declare the same, and open nothing.
	p, err := b.Definitions.Problem("p")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(example.problem.Parameters, p.Parameters); d != "" {
		t.Errorf("the problem's parameters changed: %s", d)
	}
	for _, dim := range []float64{2, 3} {
		got, err := p.Spec(protocol.Setting{"dim": dim})
		if d := cmp.Diff(spec, got); d != "" || err != nil {
			t.Errorf("the spec changed: %v %s", err, d)
		}
	}
	if _, err := p.Spec(protocol.Setting{"dim": 4}); err == nil {
		t.Error("there is a spec at parameters that the plan does not use")
	}
	o, err := b.Definitions.Optimizer("o")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(example.optimizer.Hyperparameters, o.Hyperparameters); d != "" || !math.IsInf(o.Hyperparameters[0].Max, 1) {
		t.Errorf("the hyperparameters changed: %s", d)
	}
	if o.New32 != nil || o.New64 == nil {
		t.Error("the optimizer's element types changed")
	}
	if _, _, err := o.New64(protocol.Start{}); err == nil {
		t.Error("a definition without code opens an optimizer")
	}
	if _, err := b.Definitions.Optimizer("oo"); err == nil || !strings.Contains(err.Error(), "did you mean o?") {
		t.Errorf("error is %v", err)
	}
}

// The spec in the records takes precedence over that of a later build.
func TestDescribeByRecords(t *testing.T) {
	older := spec
	older.Constants = nil
	r := &results.Record{Spec: older}
	r.Run.Problem = results.ProblemID{Name: "p", Plugin: example.problem.Origin, Parameters: protocol.Setting{"dim": 3}}
	d, err := Describe(planOf(), example, slices.Values([]*results.Record{r}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Spec{{At: protocol.Setting{"dim": 2}, Spec: spec}, {At: protocol.Setting{"dim": 3}, Spec: older}}
	if diff := cmp.Diff(want, d.Problems["p"].Specs); diff != "" {
		t.Error(diff)
	}
}

// The same results give the same file, whatever their order.
func TestDeterministic(t *testing.T) {
	paths := store(t, 7)
	a, _ := create(t, paths)
	slices.Reverse(paths)
	b, _ := create(t, paths)
	x, _ := os.ReadFile(a)
	y, _ := os.ReadFile(b)
	if !bytes.Equal(x, y) {
		t.Error("two bundles of the same results differ")
	}
}

func TestCreateIsAtomic(t *testing.T) {
	paths := store(t, 2)
	dir := t.TempDir()
	file := filepath.Join(dir, "x"+Extension)
	if err := os.WriteFile(paths[1], []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	definitions, err := Describe(planOf(), example, slices.Values([]*results.Record{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, About{}, planOf(), definitions, paths); err == nil {
		t.Error("a torn record was packed")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("an error left %v behind", left)
	}
}

// member is an entry of a hand-made archive.
type member struct {
	name     string
	contents string
	kind     byte
	size     int64 // if it is to be other than that of the contents
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(m.contents)), Format: tar.FormatUSTAR}
		if m.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = m.kind, "/etc/passwd", 0
		}
		if m.size != 0 {
			h.Size, h.Format = m.size, tar.FormatPAX
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(m.contents)); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = w.Flush() // an error: it is what some tests are about
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(append(plain.Bytes(), make([]byte, 1024)...), nil)
}

func TestHostile(t *testing.T) {
	sum := strings.Repeat("0", 64)
	list := func(names ...string) string {
		text := ""
		for _, name := range names {
			text += sum + "  " + name + "\n"
		}
		return text
	}
	record := "runs/00/" + sum + ".jsonl"
	head := func(names ...string) []member {
		return []member{
			{name: sumsName, contents: list(append([]string{aboutName, planName, definitionsName}, names...)...)},
			{name: aboutName, contents: `{"format":1}`},
			{name: planName, contents: `{}`},
			{name: definitionsName, contents: `{}`},
		}
	}
	with := func(m ...member) []byte { return archive(t, append(head(record), m...)...) }
	zeros := strings.Repeat("\x00", 1<<16)
	small := limits{
		record: 1 << 16, head: 1 << 16, values: 1000, total: 1 << 17, files: 6, window: 8 << 20, kept: 1 << 20, flight: 1 << 16,
	}
	for _, c := range []struct {
		what string
		data []byte
		says string
	}{
		{"nothing", nil, "cut off or is none"},
		{"text", []byte("hello, this is no archive at all"), "not a bundle"},
		{"another archive", archive(t, member{name: "a.txt", contents: "a"}), `file 1 of the archive is "a.txt", want SHA256SUMS`},
		{"a path upwards", with(member{name: "../../etc/passwd", contents: "x"}), "does not belong in a bundle"},
		{"an absolute path", with(member{name: "/runs/00/" + sum + ".jsonl", contents: "x"}), "does not belong in a bundle"},
		{"a path upwards, listed", archive(t, append(head("../x"), member{name: "../x", contents: "x"})...), "does not belong in a bundle"},
		{"a record in the folder of another", with(member{name: "runs/01/" + sum + ".jsonl", contents: "x"}), "does not belong in a bundle"},
		{"a symbolic link", with(member{name: record, kind: tar.TypeSymlink}), "is not a regular file"},
		{"a hard link", with(member{name: record, kind: tar.TypeLink}), "is not a regular file"},
		{"a device", with(member{name: record, kind: tar.TypeChar}), "is not a regular file"},
		{"a file twice", with(member{name: record}, member{name: record}), "comes twice"},
		{"a file that is not listed", archive(t, append(head(), member{name: record})...), "is not listed in SHA256SUMS"},
		{"a large file", with(member{name: record, contents: "x" + zeros}), "claims to have 65537 bytes, want at most 65536"},
		{"a file that claims to be large", with(member{name: record, contents: "", size: 1 << 40}), "claims to have 1099511627776 bytes"},
		{"many files", archive(t, append(head(record, "failed/"+sum+".jsonl"), member{name: record, contents: zeros}, member{
			name: "failed/" + sum + ".jsonl", contents: zeros,
		})...), "more than 131072 bytes together"},
		{"many names", archive(t, head("a", "b", "c", "d")...), "lists more than 6 files"},
		{"a name listed twice", archive(t, head("a", "a")...), `lists "a" twice`},
		{"a list that is none", archive(t, member{name: sumsName, contents: "hello\n"}), "want a SHA-256, two spaces"},
		{"a window of 1 GiB", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00}, "window"},
		{"more after the end", func() []byte {
			z, _ := zstd.NewWriter(nil)
			return z.EncodeAll(make([]byte, 4<<20), with(member{name: record, contents: "x"}))
		}(), "more after the end"},
		{"no plan", archive(t, head()[0], head()[1]), "plan.json is missing"},
		{"a later format", archive(t, head()[0], member{name: aboutName, contents: `{"format":3}`}), "has format 3, this bench reads formats 1 to 2"},
		{"many values in few bytes", archive(
			t, head()[0], head()[1], member{name: planName, contents: `{"optimizers":[` + strings.Repeat("{},", 999) + `null]}`},
		), "plan.json has 1001 values, want at most 1000"},
		{"a plan with more names", archive(t, head()[0], head()[1], member{name: planName, contents: `{"nmae":"x"}`}), `unknown field "nmae"`},
	} {
		_, err := read(bytes.NewReader(c.data), small, Options{})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v, want %q", c.what, err, c.says)
		}
	}
	// Errors in single files do not stop the reader.
	b, err := read(bytes.NewReader(with(member{name: record, contents: "x"})), small, Options{})
	if err != nil || len(b.Faults) != 4 || len(b.Records) != 0 {
		t.Errorf("error %v, faults %v, want four wrong checksums", err, b)
	}
	b, err = read(bytes.NewReader(with()), small, Options{})
	if err != nil || len(b.Faults) != 4 || !strings.Contains(b.Faults[3].Error(), "is not there") {
		t.Errorf("error %v, faults %v, want a file that is not there", err, b)
	}
}

// The root names the whole file: what is beside, before or between its contents is refused.
func TestRootNamesAll(t *testing.T) {
	file, _ := create(t, store(t, 3))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	unpack, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unpack.Close()
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := unpack.DecodeAll(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	// rewritten packs the same files with other headers, in another order.
	rewritten := func(order func([]string), change func(*tar.Header)) []byte {
		var b bytes.Buffer
		files := map[string][]byte{}
		var names []string
		if err := walk(bytes.NewReader(whole), standard, func(name string, contents []byte) error {
			files[name], names = contents, append(names, name)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		order(names)
		w := tar.NewWriter(&b)
		for _, name := range names {
			h := header(name, int64(len(files[name])))
			change(h)
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(files[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return pack.EncodeAll(b.Bytes(), nil)
	}
	inOrder := func([]string) {}
	skippable := append([]byte{0x5a, 0x2a, 0x4d, 0x18, 6, 0, 0, 0}, "secret"...)
	const more, beside = "more after the end of the archive", "more of its files than names and contents"
	padded := slices.Clone(plain)
	padded[512+bytes.IndexByte(plain[512:], 0)] = 'x' // after SHA256SUMS
	for _, c := range []struct {
		what string
		data []byte
		says string // empty: it is read
	}{
		{"as it was", whole, ""},
		{"packed by another level", pack.EncodeAll(plain, nil), ""},
		{"packed without a checksum of the frame", func() []byte {
			z, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
			if err != nil {
				t.Fatal(err)
			}
			return z.EncodeAll(plain, nil)
		}(), ""},
		{"rewritten", rewritten(inOrder, func(*tar.Header) {}), ""},
		{"a byte after the frame", append(slices.Clone(whole), 'x'), more},
		{"a skippable frame after it", slices.Concat(whole, skippable), more},
		{"a skippable frame before it", slices.Concat(skippable, whole), more},
		{"an empty frame after it", pack.EncodeAll(nil, slices.Clone(whole)), more},
		{"itself once more", slices.Concat(whole, whole), more},
		{"a second frame of zeros", pack.EncodeAll(make([]byte, 512), slices.Clone(whole)), more},
		{"zeros within the frame", pack.EncodeAll(append(slices.Clone(plain), 0), nil), more},
		{"text within the frame", pack.EncodeAll(append(slices.Clone(plain), "secret"...), nil), more},
		{"text in padding", pack.EncodeAll(padded, nil), beside},
		{"an owner", rewritten(inOrder, func(h *tar.Header) { h.Uname = "secret" }), beside},
		{"a mode", rewritten(inOrder, func(h *tar.Header) { h.Mode = 0o600 }), beside},
		{"a name of an extended header", rewritten(inOrder, func(h *tar.Header) {
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"A.b": "secret"}
		}), beside},
		{"two records exchanged", rewritten(func(names []string) {
			n := len(names)
			names[n-1], names[n-2] = names[n-2], names[n-1]
		}, func(*tar.Header) {}), "want one order"},
	} {
		b, err := read(bytes.NewReader(c.data), standard, Options{})
		switch {
		case c.says == "" && (err != nil || len(b.Faults) > 0):
			t.Errorf("%s: %v", c.what, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: error is %v, want %q", c.what, err, c.says)
		}
	}
}

// A bundle truncated anywhere gives an error, or a fault for the missing file.
func TestTruncated(t *testing.T) {
	file, _ := create(t, store(t, 20))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/200 {
		b, err := read(bytes.NewReader(whole[:n]), standard, Options{})
		if err == nil && len(b.Faults) == 0 {
			t.Errorf("the first %d of %d bytes read as a whole bundle", n, len(whole))
		}
	}
	if b, err := read(bytes.NewReader(whole[:len(whole)-1]), standard, Options{}); err == nil {
		t.Errorf("a bundle without its last byte is read: %v", b.Faults)
	}
}

// A bundle with any bit changed gives an error or a fault.
func TestDamaged(t *testing.T) {
	file, _ := create(t, store(t, 5))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	if b, err := Open(file); err == nil {
		want = b.Root
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/300 {
		damaged := slices.Clone(whole)
		damaged[n] ^= 1 << (n % 8)
		b, err := read(bytes.NewReader(damaged), standard, Options{})
		if err == nil && len(b.Faults) == 0 && !bytes.Equal(damaged, whole) && b.Root != want {
			t.Errorf("bit %d of byte %d changed, and nothing is wrong but the root", n%8, n)
		}
	}
}

// Definitions are those of the first place that has them.
func TestLookups(t *testing.T) {
	d, err := Describe(planOf(), example, func(func(*results.Record) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	empty := &Definitions{}
	here := &Definitions{Optimizers: map[string]Optimizer{"o": {Name: "o", Version: "here"}}}
	l := Lookups{here, empty, d}
	if o, err := l.Optimizer("o"); err != nil || o.Version != "here" {
		t.Errorf("the optimizer is of version %q (%v), want that of the first place", o.Version, err)
	}
	if p, err := l.Problem("p"); err != nil || p.Version != "2" {
		t.Errorf("the problem is of version %q (%v), want that of the last place", p.Version, err)
	}
	_, want := here.Problem("q")
	if _, err := l.Problem("q"); err == nil || err.Error() != want.Error() {
		t.Errorf("an unknown problem gives %v, want %v", err, want)
	}
	if _, err := l.Optimizer("q"); err == nil || err.Error() != protocol.Unknown("optimizer", "q", []string{"o"}).Error() {
		t.Errorf("an unknown optimizer gives %v", err)
	}
}

// A bundle's plan is saved where no plan of its name is, and replaces none.
func TestSavePlan(t *testing.T) {
	paths := store(t, 3)
	file, _ := create(t, paths)
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if ids := b.Finished(); len(ids) != 2 || ids[ID(filepath.Base(paths[0]))] {
		t.Errorf("finished runs are %v, want the two that did not fail", ids)
	}
	dir := t.TempDir()
	for _, when := range []string{b.About.Last, "2027-01-01T00:00:00Z"} {
		if when != b.About.Last {
			if err := Save(dir, &Saved{Plan: b.Plan, When: when}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.SavePlan(dir); err != nil {
			t.Fatal(err)
		}
		saved, err := SavedPlans(dir)
		if err != nil || len(saved) != 1 || saved[0].When != when {
			t.Errorf("saved plans are %v, %v; want the one of %s", saved, err, when)
		}
	}
}
