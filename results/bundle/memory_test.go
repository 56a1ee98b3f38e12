package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// peak returns the greatest heap during a call, in bytes, beside what was there before.
func peak(call func()) uint64 {
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	before := heap()
	most := before
	var watching sync.WaitGroup
	stop := make(chan struct{})
	watching.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Microsecond):
				most = max(most, heap())
			}
		}
	})
	call()
	close(stop)
	watching.Wait()
	return max(most, heap()) - before
}

// bomb writes a bundle of n records to a file. body makes the lines between the first and the last
// of a record, for the records' number. Sums are right or wrong.
func bomb(t *testing.T, n int, right bool, body func(i int) []byte) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "bomb"+Extension))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	write := func(name string, contents []byte) {
		if err := w.WriteHeader(header(name, int64(len(contents)))); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(contents); err != nil {
			t.Fatal(err)
		}
	}
	record := func(i int) (name string, contents []byte) {
		run := fmt.Sprintf(`{"protocol":2,"seed":%d,"budget":10}`, i)
		id := fmt.Sprintf("%x", sha256.Sum256([]byte(run)))
		contents = append([]byte(`{"run":`+run+"}\n"), body(i)...)
		contents = fmt.Appendf(contents, "{\"host\":{},\"digest\":\"%x\"}\n", sha256.Sum256(contents))
		return "runs/" + id[:2] + "/" + id + ".jsonl", contents
	}
	head := map[string]string{aboutName: `{"format":2}`, planName: "{}", definitionsName: "{}"}
	var sums strings.Builder
	for _, name := range []string{aboutName, planName, definitionsName} {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(head[name])), name)
	}
	for i := range n {
		name, contents := record(i)
		if !right {
			contents = nil
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(contents), name)
	}
	write(sumsName, []byte(sums.String()))
	for _, name := range []string{aboutName, planName, definitionsName} {
		write(name, []byte(head[name]))
	}
	for i := range n {
		write(record(i))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// Whatever a file holds, reading it takes less than 400 MB of heap, of the 512 MB that the package
// states.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes large files")
	}
	const most = 400 << 20
	end := `{"end":{"status":"ok","steps":1,"seen":10,"gradients":10,"min_batch":1,"max_batch":1}}` + "\n"
	spec := `{"problem":{"dim":1}}` + "\n"
	point := `{"point":{}}` + "\n"
	fill := func(size int, line, before, after string) []byte {
		return []byte(before + strings.Repeat(line, size/len(line)) + after)
	}
	const full = 7 << 20
	for _, c := range []struct {
		what  string
		n     int
		right bool
		body  func(i int) []byte
		says  string // the error, or the first fault; empty: neither
	}{
		{"61 MiB each", 3, true, func(int) []byte { return bytes.Repeat([]byte(" "), 61<<20) }, "want at most 8388608"},
		{"wrong sums", 20, false, func(int) []byte { return fill(full, point, spec, end) }, "SHA-256 is not the one"},
		{"points", 20, true, func(int) []byte { return fill(full, point, spec, end) }, "more than 128 MiB of memory"},
		{"traces", 20, true, func(int) []byte {
			return fill(full, "0,", spec+point+`{"trace":{"stride":1,"seen":[`, "0]}}\n"+end)
		}, "traces"},
		{"long lines", 10, true, func(i int) []byte {
			return fill(full, "x", `{"problem":{"name":"`, `"}}`+"\n"+point+end)
		}, "a line has"},
		{"problems of forty thousand blocks", 100, true, func(i int) []byte {
			return fill(120<<10, "{},", fmt.Sprintf(`{"problem":{"dim":%d,"blocks":[`, i), "{}]}}\n"+point+end)
		}, "more than 128 MiB of memory"},
		{"long texts that are of no use", 500, true, func(i int) []byte {
			return fill(120<<10, "x", fmt.Sprintf(`{"problem":{"dim":%d,"unknown":"`, i), "\"}}\n"+point+end)
		}, ""},
		{"large problems in records that are damaged", 150, true, func(i int) []byte {
			return fill(120<<10, "{},", fmt.Sprintf(`{"problem":{"dim":%d,"blocks":[`, i), "{}]}}\n"+point+"x\n")
		}, "not a line of a record"},
	} {
		t.Run(c.what, func(t *testing.T) {
			path := bomb(t, c.n, c.right, c.body)
			for i, open := range []func(string) (*Bundle, error){Open, Options{Traces: true}.Open} {
				says := c.says
				if says == "traces" { // which count if they are kept
					says = []string{"", "more than 128 MiB of memory"}[i]
				}
				var b *Bundle
				var err error
				used := peak(func() { b, err = open(path) })
				t.Logf("%d MiB", used>>20)
				if used > most {
					t.Errorf("it takes %d MiB, want at most %d", used>>20, most>>20)
				}
				if err == nil && len(b.Faults) > 0 {
					err = b.Faults[0]
				}
				if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
					t.Errorf("error is %.300v, want %q", err, says)
				}
			}
		})
	}
}
