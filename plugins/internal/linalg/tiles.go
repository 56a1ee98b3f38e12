package linalg

import (
	"runtime"
	"sync"
	"sync/atomic"

	"noisebench/plugins/internal/simd"
)

var threads atomic.Int64

// SetThreads sets the number of threads of this process that each run uses from its opening on.
// With n < 1, which is the default, it is GOMAXPROCS. Results do not depend on it.
func SetThreads(n int) { threads.Store(int64(n)) }

// Threads returns the number of threads that a run uses, see [SetThreads].
func Threads() int {
	if n := threads.Load(); n > 0 {
		return int(n)
	}
	return runtime.GOMAXPROCS(0)
}

const (
	deep = 256              // rows of B in a packed part
	wide = 8 * simd.Columns // columns of B in a packed part
	tall = 64 * simd.Rows   // rows of A in one task
	// multiplications that one thread completes sooner than it wakes others
	small = 1 << 20
)

// job is a product A·B to be written to dst. With upper it may omit elements below the diagonal.
type job struct {
	dst   []float32
	a, b  Matrix[float32]
	upper bool
}

// pool computes products on a fixed number of threads. Every element of dst is computed by one task
// in a fixed order, so that the assignment of tasks to threads does not affect the result.
type pool struct {
	workers []*worker
	job     job
	height  int // rows of a task
	stacks  int // number of tasks in the direction of the rows
	next    atomic.Int64
	wait    sync.WaitGroup
}

// worker is the work space of one thread.
type worker struct {
	packed []float32 // a part of B
	tile   [simd.Rows * wide]float32
	run    func()
}

func newPool(threads int) *pool {
	c := new(pool)
	for range threads {
		w := &worker{packed: make([]float32, deep*wide)}
		w.run = func() {
			c.drain(w)
			c.wait.Done()
		}
		c.workers = append(c.workers, w)
	}
	return c
}

func (c *pool) product(j job) {
	c.job, c.height, c.stacks = j, j.a.Rows, 1
	c.next.Store(0)
	helpers := c.workers[1:]
	if j.a.Rows*j.a.Cols*j.b.Cols < small {
		helpers = nil
	}
	if len(helpers) > 0 {
		c.height = tall
		c.stacks = (j.a.Rows + tall - 1) / tall
	}
	c.wait.Add(len(helpers))
	for _, w := range helpers {
		go w.run()
	}
	c.drain(c.workers[0])
	c.wait.Wait()
	c.job = job{}
}

// drain executes tasks until none is left, from the last columns on, which are the longest of an
// upper triangle.
func (c *pool) drain(w *worker) {
	tasks := (c.job.b.Cols + wide - 1) / wide * c.stacks
	for {
		i := tasks - int(c.next.Add(1))
		if i < 0 {
			return
		}
		w.task(&c.job, i/c.stacks*wide, i%c.stacks*c.height, c.height)
	}
}

// task computes some columns of dst, in up to height rows from the given one on. It packs B part by
// part into the form of the tiles; a part stays in the cache while it is multiplied by the rows of
// A.
func (w *worker) task(t *job, j, from, height int) {
	columns := min(wide, t.b.Cols-j)
	to := min(from+height, t.a.Rows)
	if t.upper {
		to = min(to, j+columns)
	}
	if from >= to {
		return
	}
	for k := 0; k < t.b.Rows; k += deep {
		depth := min(deep, t.b.Rows-k)
		pack(w.packed, t.b, k, depth, j, columns)
		for i := from; i < to; i += simd.Rows {
			left := 0
			if t.upper {
				left = max(0, i-j) / simd.Columns * simd.Columns
			}
			w.tiles(t.dst, t.a, i, k, depth, t.b.Cols, j+left, columns-left, left/simd.Columns)
		}
	}
}

// pack writes the part of B with depth rows from k and columns from j to dst, in the form of
// [simd.Pack].
func pack(dst []float32, b Matrix[float32], k, depth, j, columns int) {
	if !b.Transposed {
		simd.Pack(dst, b.Data[k*b.Cols+j:], depth, b.Cols, columns)
		return
	}
	for c := range (columns + simd.Columns - 1) / simd.Columns * simd.Columns {
		panel := dst[c/simd.Columns*depth*simd.Columns+c%simd.Columns:]
		if c >= columns {
			for t := range depth {
				panel[t*simd.Columns] = 0
			}
			continue
		}
		for t, v := range b.Data[(j+c)*b.Rows+k:][:depth] {
			panel[t*simd.Columns] = v
		}
	}
}

// tiles computes up to simd.Rows rows of dst, from row i, for the packed columns from j on, which
// start at the given panel. It sets the elements if k is 0 and adds to them otherwise.
func (w *worker) tiles(
	dst []float32, a Matrix[float32], i, k, depth, stride, j, columns, panel int,
) {
	var at [simd.Rows]int
	count := min(simd.Rows, a.Rows-i)
	walk := simd.Walk{Segments: 1, Length: depth, Step: 1}
	if a.Transposed {
		walk.Step = a.Rows
	}
	for r := range at {
		row := i + min(r, count-1)
		if a.Transposed {
			at[r] = k*a.Rows + row
		} else {
			at[r] = row*a.Cols + k
		}
	}
	b, length := w.packed[panel*depth*simd.Columns:], depth*simd.Columns
	to := dst[i*stride+j:]
	whole := 0
	if count == simd.Rows {
		whole = columns / simd.Columns * simd.Columns
	}
	switch {
	case whole == 0:
	case k == 0:
		simd.Tile(to, stride, whole, nil, &walk, a.Data, &at, b, length)
	default:
		simd.TileAdd(to, stride, whole, nil, 0, &walk, a.Data, &at, b, length)
	}
	rest := columns - whole
	if rest == 0 {
		return
	}
	simd.Tile(w.tile[:], wide, simd.Halves(rest), nil, &walk, a.Data, &at, b[whole*depth:], length)
	for r := range count {
		row, tile := to[r*stride+whole:][:rest], w.tile[r*wide:]
		if k == 0 {
			copy(row, tile)
		} else {
			simd.Add(row, row, tile)
		}
	}
}
