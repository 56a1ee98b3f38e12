package report

import (
	"fmt"
	"strings"
)

// latexEscapes holds what TeX reads as a command, and what is outside the encodings that every
// installation has.
var latexEscapes = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '_': `\_`, '&': `\&`, '%': `\%`, '#': `\#`,
	'$': `\$`,
	'~': `\textasciitilde{}`, '^': `\textasciicircum{}`, '<': `\textless{}`, '>': `\textgreater{}`,
	'|': `\textbar{}`,
	'"': `{\textquotedblright}`, '`': `\textasciigrave{}`,
	'±': `$\pm$`, '×': `$\times$`, '·': `$\cdot$`, '†': `$\dagger$`, '‡': `$\ddagger$`,
	'–': `--`, '—': `---`, '…': `\ldots{}`,
	'−': `$-$`, '∞': `$\infty$`, '≤': `$\leq$`, '≥': `$\geq$`, '≠': `$\neq$`, '≈': `$\approx$`,
	'√': `$\surd$`, '∇': `$\nabla$`, '∈': `$\in$`, '→': `$\to$`, '‖': `$\Vert$`, '°': `$^\circ$`,
	'‘': "`", '’': `'`, '“': "``", '”': `''`,
	'α': `$\alpha$`, 'β': `$\beta$`, 'γ': `$\gamma$`, 'δ': `$\delta$`, 'ε': `$\varepsilon$`,
	'ζ': `$\zeta$`, 'η': `$\eta$`,
	'θ': `$\theta$`, 'κ': `$\kappa$`, 'λ': `$\lambda$`, 'μ': `$\mu$`, 'µ': `$\mu$`, 'ν': `$\nu$`,
	'ξ': `$\xi$`, 'π': `$\pi$`,
	'ρ': `$\rho$`, 'σ': `$\sigma$`, 'τ': `$\tau$`, 'φ': `$\varphi$`, 'χ': `$\chi$`, 'ψ': `$\psi$`,
	'ω': `$\omega$`,
	'Γ': `$\Gamma$`, 'Δ': `$\Delta$`, 'Θ': `$\Theta$`, 'Λ': `$\Lambda$`, 'Π': `$\Pi$`,
	'Σ': `$\Sigma$`, 'Φ': `$\Phi$`,
	'Ψ': `$\Psi$`, 'Ω': `$\Omega$`,
	'₀': `$_0$`, '₁': `$_1$`, '₂': `$_2$`, '₃': `$_3$`, '₄': `$_4$`, '₅': `$_5$`, '₆': `$_6$`,
	'₇': `$_7$`, '₈': `$_8$`, '₉': `$_9$`,
	'⁰': `$^0$`, '¹': `$^1$`, '²': `$^2$`, '³': `$^3$`, '⁴': `$^4$`, '⁵': `$^5$`, '⁶': `$^6$`,
	'⁷': `$^7$`, '⁸': `$^8$`, '⁹': `$^9$`,
	'⁻': `$^-$`,
}

// latexLetters are the letters beyond ASCII that LaTeX knows without further packages.
const latexLetters = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ" +
	"ĀāĂăĆćĈĉĊċČčĎďĒēĔĕĖėĚěĜĝĞğĠġĤĥĨĩĪīĬĭİıĴĵŁłŃńŇňŌōŎŏŐőŒœŔŕŘřŚśŜŝŞşŠšŤťŨũŪūŬŭŮůŰűŴŵŶŷŸŹźŻżŽž"

// latexEscape makes text fit for LaTeX. A character that is not known everywhere stands as its
// number, such as U+4E2D.
func latexEscape(s string) string {
	b := new(strings.Builder)
	var last rune
	for _, r := range s {
		if r == '-' && last == '-' {
			b.WriteString("{}") // no ligature
		}
		last = r
		switch escaped, ok := latexEscapes[r]; {
		case ok:
			b.WriteString(escaped)
		case r >= ' ' && r < 0x7f || strings.ContainsRune(latexLetters, r):
			b.WriteRune(r)
		case r == '\u00a0':
			b.WriteByte('~')
		default:
			fmt.Fprintf(b, "U+%04X", r)
		}
	}
	return b.String()
}
