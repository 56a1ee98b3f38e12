package simd

// The operations below are those of a normalization of channels over the positions of one example,
// whose channels are neighbours. mean, inverse and the like have an element for each channel, x and
// the like one for each position and channel; the latter's number is a multiple of the former's. z
// = (x − mean) inverse is the normalised x.

// NormAdd adds the sum over positions of x to sum.
func NormAdd(sum, x []float32) {
	c := len(sum)
	from := 0
	if assembly && c >= 8 && len(x) >= c {
		from = vectors(c)
		normAddAVX2(&sum[0], &x[0], c, len(x)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(x); at += c {
			sum[from] += x[at]
		}
	}
}

// NormVariance adds the sum over positions of (x − mean)² to sum.
func NormVariance(sum, x, mean []float32) {
	c := len(mean)
	sum = sum[:c]
	from := 0
	if assembly && c >= 8 && len(x) >= c {
		from = vectors(c)
		normVarianceAVX2(&sum[0], &x[0], &mean[0], c, len(x)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(x); at += c {
			d := x[at] - mean[from]
			sum[from] += float32(d * d)
		}
	}
}

// Normalize writes scale z + shift to dst.
func Normalize(dst, x, mean, inverse, scale, shift []float32) {
	c := len(mean)
	x, inverse, scale, shift = x[:len(dst)], inverse[:c], scale[:c], shift[:c]
	from := 0
	if assembly && c >= 8 && len(dst) >= c {
		from = vectors(c)
		normalizeAVX2(&dst[0], &x[0], &mean[0], &inverse[0], &scale[0], &shift[0], c, len(dst)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(dst); at += c {
			dst[at] = float32((x[at]-mean[from])*inverse[from]*scale[from]) + shift[from]
		}
	}
}

// NormSums adds the sums over positions of δ and δ z to sum and product.
func NormSums(sum, product, δ, x, mean, inverse []float32) {
	c := len(mean)
	sum, product, x, inverse = sum[:c], product[:c], x[:len(δ)], inverse[:c]
	from := 0
	if assembly && c >= 8 && len(δ) >= c {
		from = vectors(c)
		normSumsAVX2(&sum[0], &product[0], &δ[0], &x[0], &mean[0], &inverse[0], c, len(δ)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(δ); at += c {
			sum[from] += δ[at]
			product[from] += float32(δ[at] * ((x[at] - mean[from]) * inverse[from]))
		}
	}
}

// NormBack writes scale inverse (δ − meanδ − z meanδz) to dst (Ioffe & Szegedy 2015, Sec. 3).
func NormBack(dst, δ, x, mean, inverse, scale, meanδ, meanδz []float32) {
	c := len(mean)
	δ, x, inverse, scale, meanδ, meanδz = δ[:len(dst)], x[:len(dst)], inverse[:c], scale[:c],
		meanδ[:c], meanδz[:c]
	from := 0
	if assembly && c >= 8 && len(dst) >= c {
		from = vectors(c)
		normBackAVX2(&dst[0], &δ[0], &x[0], &mean[0], &inverse[0], &scale[0], &meanδ[0], &meanδz[0], c,
			len(dst)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(dst); at += c {
			d := float32((x[at]-mean[from])*inverse[from]*meanδz[from]) + meanδ[from]
			dst[at] = (δ[at] - d) * inverse[from] * scale[from]
		}
	}
}

// GroupBack writes inverse (scale δ − meanδ − z meanδz) to dst.
func GroupBack(dst, δ, x, mean, inverse, scale, meanδ, meanδz []float32) {
	c := len(mean)
	δ, x, inverse, scale, meanδ, meanδz = δ[:len(dst)], x[:len(dst)], inverse[:c], scale[:c],
		meanδ[:c], meanδz[:c]
	from := 0
	if assembly && c >= 8 && len(dst) >= c {
		from = vectors(c)
		groupBackAVX2(&dst[0], &δ[0], &x[0], &mean[0], &inverse[0], &scale[0], &meanδ[0], &meanδz[0], c,
			len(dst)/c, from)
	}
	for ; from < c; from++ {
		for at := from; at < len(dst); at += c {
			d := float32((x[at]-mean[from])*inverse[from]*meanδz[from]) + meanδ[from]
			dst[at] = (float32(δ[at]*scale[from]) - d) * inverse[from]
		}
	}
}
