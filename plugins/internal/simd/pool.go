package simd

// Window is a rectangle of NY × NX taps in an image, DY and DX elements apart. Taps are numbered
// row by row.
type Window struct{ NY, NX, DY, DX int }

// MaxPool writes for each of n channels the greatest element in a window of src to dst and its tap
// to tap. src starts at the window's first tap; the channels of a tap are neighbours. Of equal
// elements the first wins; a NaN beats every number. Up to 7 more elements of dst and tap, as far as
// there are any, are left with no meaning: windows are taken in the order of dst.
func MaxPool(dst []float32, tap []int32, src []float32, n int, w Window) {
	last := (w.NY-1)*w.DY + (w.NX-1)*w.DX // where the last tap starts
	_, _, _ = dst[n-1], tap[n-1], src[last+n-1]
	c := 0
	if assembly {
		c = vectors(min(n+7, len(dst), len(tap), len(src)-last))
	}
	if c > 0 {
		maxPoolAVX2(&dst[0], &tap[0], &src[0], w.NY, w.NX, w.DY, w.DX, c)
	}
	for ; c < n; c++ {
		best, which := src[c], int32(0)
		for y := range w.NY {
			for x := range w.NX {
				if v := src[y*w.DY+x*w.DX+c]; best == best && !(v <= best) {
					best, which = v, int32(y*w.NX+x)
				}
			}
		}
		dst[c], tap[c] = best, which
	}
}

// lanes masks the first elements of a vector: all from 0 on, fewer from a later place.
var lanes = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// MaxPoolBack adds delta to the elements of dst that [MaxPool] chose: dst lies like its src, delta
// like its dst. To others it may add 0.
func MaxPoolBack(dst []float32, tap []int32, delta []float32, n int, w Window) {
	last := (w.NY-1)*w.DY + (w.NX-1)*w.DX
	_, _, _ = dst[last+n-1], tap[n-1], delta[n-1]
	c := 0
	if assembly {
		if c = vectors(n); c > 0 {
			maxPoolBackAVX2(&dst[0], &tap[0], &delta[0], &lanes[0], w.NY, w.NX, w.DY, w.DX, c)
		}
		if rest := n - c; rest > 0 && c+8 <= min(len(dst)-last, len(tap), len(delta)) {
			maxPoolBackAVX2(&dst[c], &tap[c], &delta[c], &lanes[8-rest], w.NY, w.NX, w.DY, w.DX, 8)
			c = n
		}
	}
	for ; c < n; c++ {
		y, x := int(tap[c])/w.NX, int(tap[c])%w.NX
		dst[y*w.DY+x*w.DX+c] += delta[c]
	}
}
