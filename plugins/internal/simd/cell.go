package simd

// CellBack is the backward pass through the cell of an LSTM. From the gates σ(i), tanh g, σ(f) and
// σ(o), tanh c and the previous cell state, and from δh and δc, the derivatives by the cell's
// output and (from the next step) by c, it computes the derivatives by the gates' arguments, which
// replace the gates, and that by the previous cell state, which replaces δc. All have δc's length.
func CellBack(i, g, f, o, tanh, before, δh, δc []float32) {
	n := len(δc)
	i, g, f, o, tanh, before, δh = i[:n], g[:n], f[:n], o[:n], tanh[:n], before[:n], δh[:n]
	j := 0
	if assembly && n >= 8 {
		j = vectors(n)
		cellBackAVX2(&i[0], &g[0], &f[0], &o[0], &tanh[0], &before[0], &δh[0], &δc[0], j)
	}
	for ; j < n; j++ {
		si, tg, sf, so, t := i[j], g[j], f[j], o[j], tanh[j]
		d := δc[j] + float32(δh[j]*so*(1-float32(t*t)))
		i[j] = d * tg * si * (1 - si)
		g[j] = d * si * (1 - float32(tg*tg))
		f[j] = d * before[j] * sf * (1 - sf)
		o[j] = δh[j] * t * so * (1 - so)
		δc[j] = d * sf
	}
}
