//go:build linux

package results

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"noisebench/protocol"
)

// indexAtOnce has an index written whatever the number and the age of the records.
func indexAtOnce(t *testing.T) {
	least, settle := indexLeast, settleTime
	t.Cleanup(func() { indexLeast, settleTime = least, settle })
	indexLeast, settleTime = 1, -time.Hour
}

// tick waits until the file system gives files another time.
func tick() { time.Sleep(20 * time.Millisecond) }

// texts are all that a store says of its records, and how many come from the index.
func texts(t *testing.T, s *Store) (said []string, indexed int) {
	t.Helper()
	for r, err := range s.Records() {
		if err != nil {
			said = append(said, err.Error())
			continue
		}
		data, err := Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		id := r.Run.ID()
		if _, ok := s.index.lookup(id, false); ok {
			indexed++
		}
		again, found, err := s.Lookup(id)
		if err != nil || found != (r.End.Status != Failed) || found && !bytes.Equal(data, encode(t, again)) {
			t.Errorf("Lookup of %.12s gives %t, %v; Records has it", id, found, err)
		}
		said = append(said, string(data))
		outlined, _, err := s.LookupOutlined(id)
		traced, _, e := s.LookupTraced(id)
		if err != nil || e != nil || (outlined == nil) != (traced == nil) {
			t.Errorf("run %.12s: %v, %v", id, err, e)
		} else if traced != nil && traced.Trace != nil && !sameOutline(outlined.Trace, traced.Trace.Outline(r.Run.Budget)) {
			t.Errorf("the outline of %.12s is %+v", id, outlined.Trace)
		}
	}
	return said, indexed
}

// unindexed is what a store without an index says.
func unindexed(t *testing.T, dir string) []string {
	t.Helper()
	s := open(t, dir)
	s.index.loaded = true
	said, indexed := texts(t, s)
	if indexed > 0 {
		t.Fatal("there is an index")
	}
	return said
}

// varied are records of which some have no parts, diverged, or have numbers that are none.
func varied(n int) (records []*Record) {
	for i := range n {
		r := example(uint64(i) << (i % 60))
		switch i % 5 {
		case 1:
			r.Spec.Validation, r.Spec.Test = 0, 0
			for k := range r.Points {
				r.Points[k].Validation, r.Points[k].Test = nil, nil
				r.Points[k].Train.Metric = r.Points[k].Train.Loss
			}
		case 2:
			r.End.Status, r.End.Reason = Diverged, "the loss is NaN at step 7"
			r.Points[len(r.Points)-1].Train = Value{Loss: protocol.Number(math.NaN()), Metric: protocol.Number(math.Inf(-1))}
		case 3:
			r.Points[0].Validation = nil
			r.Host.TransportTime = 1e-7
			r.Points[1].Seen += int64(i) // as where an optimizer chooses the batch size
			r.Trace.BatchSize[7] += i
			r.Trace.Diagnostics = map[string][]protocol.Number{NoiseToSignal: r.Trace.Loss}
		case 4:
			r.Trace = nil
			r.Run.Budget++
		}
		records = append(records, r)
	}
	return records
}

func indexFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "index", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: what is read with the index differs from the records: %d and %d", what, len(got), len(want))
	}
}

// What comes from the index is what the files hold, and only what is as it was comes from there.
func TestIndexFollowsRecords(t *testing.T) {
	indexAtOnce(t)
	dir := t.TempDir()
	s := open(t, dir)
	var ids []string
	for _, r := range varied(40) {
		commit(t, s, r)
		ids = append(ids, r.Run.ID())
	}
	failed := example(1000)
	failed.End = End{Status: Failed, Reason: "a crash"}
	commit(t, s, failed)
	first, indexed := texts(t, s)
	if s.SaveIndex(); indexed > 0 || len(first) != 41 {
		t.Fatalf("%d records, %d of them indexed", len(first), indexed)
	}
	got, indexed := texts(t, open(t, dir))
	equal(t, "at once", got, unindexed(t, dir))
	if indexed != 40 {
		t.Errorf("%d of 40 finished runs come from the index", indexed)
	}
	tick()
	path := func(i int) string { return s.Path(ids[i]) }
	old, err := os.Stat(path(0))
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(path string, change func([]byte) []byte) func() error {
		return func() error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, change(slices.Clone(data)), 0o666)
		}
	}
	changed := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	left := 40
	for _, c := range []struct {
		what string
		do   func() error
		less int // records that the index no longer serves
	}{
		{"changed, with its old size and time", func() error {
			if err := rewrite(path(0), changed)(); err != nil {
				return err
			}
			return os.Chtimes(path(0), old.ModTime(), old.ModTime())
		}, 1},
		{"truncated", func() error { return os.Truncate(path(1), 100) }, 1},
		{"emptied", func() error { return os.Truncate(path(2), 0) }, 1},
		{"longer", rewrite(path(3), func(data []byte) []byte { return append(data, "{}\n"...) }), 1},
		{"without the name of its machine", func() error {
			lines, err := ReadRecord(path(5))
			if err != nil {
				return err
			}
			lines = bytes.Replace(lines, []byte(`"machine":"`), []byte(`"machine":"not-`), 1)
			return os.WriteFile(path(5), encoder().EncodeAll(lines, nil), 0o666)
		}, 1},
		{"removed", func() error { return os.Remove(path(6)) }, 1},
		{"another run's", func() error {
			return os.Rename(path(7), path(8))
		}, 2},
		{"a folder", func() error {
			if err := os.Remove(path(9)); err != nil {
				return err
			}
			return os.Mkdir(path(9), 0o777)
		}, 1},
		{"a link to a record", func() error {
			if err := os.Rename(path(10), filepath.Join(dir, "elsewhere")); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(dir, "elsewhere"), path(10))
		}, 0}, // it is the same file, unless its times changed
		{"added", func() error { return s.Commit(example(2000)) }, 0},
		{"replaced by a copy of itself", func() error {
			data, err := os.ReadFile(path(11))
			if err != nil {
				return err
			}
			if err := os.WriteFile(path(11)+".new", data, 0o666); err != nil {
				return err
			}
			return os.Rename(path(11)+".new", path(11))
		}, 1},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		got, indexed := texts(t, open(t, dir))
		equal(t, "a record is "+c.what, got, unindexed(t, dir))
		if left -= c.less; indexed != left && c.what != "a link to a record" {
			t.Errorf("a record is %s: %d records come from the index, want %d", c.what, indexed, left)
		}
		left = indexed
	}
	// What changed is indexed anew, and what is of before never comes back.
	tick()
	s = open(t, dir)
	want, _ := texts(t, s)
	s.SaveIndex()
	got, indexed = texts(t, open(t, dir))
	equal(t, "indexed again", got, want)
	if indexed != 33 { // all that are still there and readable
		t.Errorf("%d records come from the index after it was written again, want 33", indexed)
	}
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	got, _ = texts(t, open(t, dir))
	equal(t, "the index is removed", got, want)
}

// Columns that no two records share are with the entries, so that they take no memory.
func TestIndexOwnColumns(t *testing.T) {
	const n = 300
	b := newIndexBuilder()
	for i := range uint64(n) {
		r := example(i)
		r.Points[1].Seen = int64(i)
		b.learn(r.Run.ID(), stamp{changed: 1}, encode(t, r), r)
	}
	copied := newIndexBuilder()
	for k := range 2 {
		name := filepath.Join(t.TempDir(), "x"+extension)
		if err := os.WriteFile(name, b.bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := openIndexFile(name, newShared())
		if err != nil {
			t.Fatal(err)
		}
		for k := range f.count() {
			var back Record
			e, ok := f.read(k, new(window))
			if !ok || !decodeEntry(e.data, f.shared, true, &back) || back.Points[1].Seen != int64(back.Run.Seed) {
				t.Fatalf("entry %d is %+v", k, back)
			}
			copied.copy(f, k)
		}
		if f.count() != n || len(f.texts) > 3+64+n/16+1 {
			t.Errorf("round %d: %d entries with %d texts", k, f.count(), len(f.texts))
		}
		b = copied
	}
}

// A damaged index, or what is in the place of one, changes nothing that is read.
func TestDamagedIndex(t *testing.T) {
	indexAtOnce(t)
	dir := t.TempDir()
	s := open(t, dir)
	for _, r := range varied(12) {
		commit(t, s, r)
	}
	want, _ := texts(t, s)
	s.SaveIndex()
	name := indexFiles(t, dir)[0]
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range 120 {
		data := slices.Clone(whole)
		switch i % 3 {
		case 0:
			data[draw.IntN(len(data))] ^= byte(1 + draw.IntN(255))
		case 1: // as a crash of a file system may leave it
			data = data[:draw.IntN(len(data))]
		case 2:
			clear(data[draw.IntN(len(data)):])
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
		got, _ := texts(t, open(t, dir))
		equal(t, fmt.Sprintf("damage %d", i), got, want)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	for kind, put := range odd { // a pipe must not make a reader wait
		if err := put(name); err != nil {
			t.Fatal(err)
		}
		got, indexed := texts(t, open(t, dir))
		if equal(t, kind, got, want); indexed != 0 {
			t.Errorf("%s: it is an index", kind)
		}
		if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "index"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index"), nil, 0o666); err != nil { // nothing can be written into
		t.Fatal(err)
	}
	s = open(t, dir)
	got, _ := texts(t, s)
	s.SaveIndex()
	equal(t, "a file in the place of the folder", got, want)
}

// Several processes read, write, merge and index one folder at the same time; one is killed while
// it writes.
func TestIndexTogether(t *testing.T) {
	indexAtOnce(t)
	dir := t.TempDir()
	records := varied(32)
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			for i := range 8 {
				s := open(t, dir)
				if err := s.Commit(records[8*k+i]); err != nil {
					t.Error(err)
				}
				for r, err := range s.Records() {
					if err != nil {
						t.Error(err)
					} else if !slices.ContainsFunc(records, func(q *Record) bool { return q.Run.Seed == r.Run.Seed && q.End == r.End }) {
						t.Errorf("a record of nobody: %+v", r.Run)
					}
				}
				s.SaveIndex()
			}
		})
	}
	group.Wait()
	s := open(t, dir)
	got, _ := texts(t, s)
	s.SaveIndex()
	equal(t, "together", got, unindexed(t, dir))
	if _, indexed := texts(t, open(t, dir)); indexed != 32 {
		t.Errorf("%d of 32 records are indexed", indexed)
	}
	if n := len(indexFiles(t, dir)); n > 10 {
		t.Errorf("the index has %d files", n)
	}
	name := indexFiles(t, dir)[0]
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "tmp", "index.elsewhere.1.0123456789abcdef")
	if err := os.WriteFile(torn, whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	got, _ = texts(t, open(t, dir))
	equal(t, "with a torn file", got, unindexed(t, dir))
}

// Many small additions leave few files, and each record is served.
func TestIndexMerges(t *testing.T) {
	indexAtOnce(t)
	dir := t.TempDir()
	for i, r := range varied(40) {
		s := open(t, dir)
		commit(t, s, r)
		if _, _, err := s.Lookup(r.Run.ID()); err != nil {
			t.Fatal(err)
		}
		s.SaveIndex()
		if n := len(indexFiles(t, dir)); n > 8 {
			t.Fatalf("after %d records the index has %d files", i+1, n)
		}
	}
	got, indexed := texts(t, open(t, dir))
	if equal(t, "merged", got, unindexed(t, dir)); indexed != 40 {
		t.Errorf("%d of 40 records are indexed", indexed)
	}
}

// The index of a folder that was copied is of no use, and gives way to a new one.
func TestIndexOfCopy(t *testing.T) {
	indexAtOnce(t)
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copied")
	s := open(t, dir)
	for _, r := range varied(20) {
		commit(t, s, r)
	}
	texts(t, s)
	s.SaveIndex()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	s = open(t, copied)
	got, indexed := texts(t, s)
	if equal(t, "copied", got, unindexed(t, dir)); indexed != 0 {
		t.Errorf("%d records come from the index of another folder", indexed)
	}
	old := indexFiles(t, copied)
	s.SaveIndex()
	if now := indexFiles(t, copied); len(now) != 1 || now[0] == old[0] {
		t.Errorf("the index was %v and is %v, want a new one", old, now)
	}
	if got, indexed = texts(t, open(t, copied)); indexed != 20 {
		t.Errorf("%d of 20 records come from the new index", indexed)
	}
	equal(t, "copied and indexed", got, unindexed(t, dir))
}

// Records that are new, or few, are not indexed: a later change might leave the same time.
func TestIndexWaits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 3 {
		commit(t, s, example(uint64(i)))
	}
	for _, c := range []struct {
		what   string
		least  int
		settle time.Duration
		files  int
	}{{"new", 1, time.Minute, 0}, {"few", 4, -time.Hour, 0}, {"old and many", 3, -time.Hour, 1}} {
		func() {
			defer func(least int, settle time.Duration) { indexLeast, settleTime = least, settle }(indexLeast, settleTime)
			indexLeast, settleTime = c.least, c.settle
			s := open(t, dir)
			texts(t, s)
			s.SaveIndex()
			if n := len(indexFiles(t, dir)); n != c.files {
				t.Errorf("records are %s: the index has %d files, want %d", c.what, n, c.files)
			}
		}()
	}
}

// Every field of a point and of the end is kept.
func TestIndexKeepsFields(t *testing.T) {
	indexAtOnce(t)
	var fill func(reflect.Value, float64)
	fill = func(v reflect.Value, x float64) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i), x+float64(i)+1)
			}
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), x+0.5)
		case reflect.Int, reflect.Int64:
			v.SetInt(int64(x))
		case reflect.Float64:
			v.SetFloat(x / 3)
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString("text")
		default:
			t.Fatalf("a field of kind %s, which this test does not know", v.Kind())
		}
	}
	r := example(5)
	fill(reflect.ValueOf(&r.Points[1]).Elem(), 100)
	fill(reflect.ValueOf(&r.End).Elem(), 1000)
	r.End.Status = Diverged
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, r)
	want, _ := texts(t, s)
	s.SaveIndex()
	got, indexed := texts(t, open(t, dir))
	if equal(t, "all fields", got, want); indexed != 1 {
		t.Error("the record is not indexed")
	}
	if !strings.Contains(strings.Join(want, ""), `"reason":"text"`) {
		t.Error("the record has no reason")
	}
}

// Records in the memory of others that were given back, some of them twice, are as they would be
// otherwise, and no two of them share it.
func TestReuse(t *testing.T) {
	indexAtOnce(t)
	dir := t.TempDir()
	s := open(t, dir)
	want := map[string][]byte{}
	var ids []string
	for _, r := range varied(30) {
		commit(t, s, r)
		r.Trace = nil
		ids = append(ids, r.Run.ID())
		want[r.Run.ID()] = encode(t, r)
	}
	texts(t, s)
	s.SaveIndex()
	s = open(t, dir)
	for round := range 5 {
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		var records []*Record
		for _, id := range ids[:20] {
			r, ok := s.index.lookup(id, false)
			if !ok {
				t.Fatalf("round %d: %.12s is not in the index", round, id)
			}
			records = append(records, r)
		}
		for i, r := range records {
			if !bytes.Equal(encode(t, r), want[ids[i]]) {
				t.Errorf("round %d: record %.12s is another than the one committed", round, ids[i])
			}
		}
		s.Reuse(append(records, records[:7]...))
	}
}
