package simd

// Rotation is a plane rotation by the angle whose cosine and sine are given.
type Rotation struct{ C, S float64 }

// Rotate applies rotations to the rows last−1 and last of a row-major matrix with n columns, then
// to last−2 and last−1, and so on: rows u and f become c u − s f and s u + c f. Results are those
// of the portable code to the bit.
func Rotate(matrix []float64, n, last int, rotations []Rotation) {
	if len(rotations) == 0 {
		return
	}
	_ = matrix[(last-len(rotations))*n : (last+1)*n]
	j := 0
	if assembly {
		for ; j+32 <= n; j += 32 {
			rotateAVX2(&matrix[last*n+j], 8*n, &rotations[0].C, len(rotations))
		}
	}
	const columns = 64 // which stay in the cache
	for ; j < n; j += columns {
		width := min(columns, n-j)
		for k, r := range rotations {
			upper := matrix[(last-1-k)*n+j:][:width]
			lower := matrix[(last-k)*n+j:][:width]
			for i, u := range upper {
				f := lower[i]
				lower[i] = float64(r.S*u) + float64(r.C*f)
				upper[i] = float64(r.C*u) - float64(r.S*f)
			}
		}
	}
}
