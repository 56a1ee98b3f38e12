package page

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"noisebench/results/measures"
)

// browser opens a page in a headless Chromium and fails the test if the page complains, or asks for
// anything but allowed.
func browser(t *testing.T, address, allowed string) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	var executable string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			executable = path
			break
		}
	}
	if executable == "" {
		t.Skip("there is no chromium to show the page in; install it, as by: apt-get install " +
			"chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(executable), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1400, 1000),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)

	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	watch := func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, allowed) &&
				!strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") {
				complain("the page asks for %s", u)
			}
		case *runtime.EventExceptionThrown:
			complain("exception: %+v", e.ExceptionDetails)
		case *runtime.EventConsoleAPICalled:
			complain("console.%s was called", e.Type)
		// what the browser itself has to say, such as a breach of the policy
		case *log.EventEntryAdded:
			complain("the browser says: %s", e.Entry.Text)
		}
	}
	do(t, ctx)
	if err := chromedp.Listen(ctx, watch); err != nil {
		t.Fatal(err)
	}
	call(t, ctx, network.Enable, network.EnableParams{})
	call(t, ctx, log.Enable, cdp.Empty{})
	media(t, ctx, "light")
	do(t, ctx, chromedp.Navigate(address))
	t.Cleanup(func() { // before the browser ends
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
	})
	return ctx
}

// file writes a page to a file and returns its address.
func file(t *testing.T, p Page) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(write(t, p)), 0o666); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// eval returns the value of a script in the page.
func eval[V any](t *testing.T, ctx context.Context, script string) V {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[V](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// call sends a command of the DevTools protocol.
func call[P, R any](t *testing.T, ctx context.Context, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

func focus(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Focus(chromedp.CSS(selector))
}

// until waits for a script to be true.
func until(t *testing.T, ctx context.Context, script string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](script,
		chromedp.WithPollingTimeout(time.Minute))); err != nil {
		t.Fatalf("never true: %s: %v", script, err)
	}
}

// media sets what the page learns of the reader's preference for light or dark. Nothing moves by
// itself.
func media(t *testing.T, ctx context.Context, scheme string) {
	t.Helper()
	call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {
				Name:  "prefers-reduced-motion",
				Value: "reduce",
			},
		},
	})
}

// cells lists the shown cells of a table's column.
func cells(t *testing.T, ctx context.Context, table string, i int) []string {
	t.Helper()
	return eval[[]string](t, ctx, fmt.Sprintf(
		`[...document.querySelectorAll("#%s tbody tr")].filter((r) => !r.hidden).map((r) => (r.children[%d].querySelector(".name") ?? r.children[%d]).textContent)`,
		table, i, i))
}

func want(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// One browser for all that a reader does with the file: it takes a second to start.
func TestBrowser(t *testing.T) {
	address := file(t, made())
	ctx := browser(t, address, address)

	// The hostile name is text, and all scripts ran.
	if title := eval[string](t, ctx,
		"document.title"); title != "synthetic (incomplete) – noisebench" {
		t.Errorf("the title is %q", title)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("#problem-1 .chart").length`); n != 6 {
		t.Errorf("the problem has %d charts, want loss, accuracy, sensitivity, best of k, batch "+
			"size and noise", n)
	}
	do(t, ctx, chromedp.ScrollIntoView(chromedp.CSS("#problem-1 .plot")))
	until(t, ctx, `document.querySelector("#problem-1 canvas") !== null`)

	// Sorting, by mouse and by keyboard.
	byRank := []string{"sgd", "adam", "cabs", hostile}
	want(t, "by rank", cells(t, ctx, "table-1", 1), byRank)
	sort := func(i int) string { return fmt.Sprintf("#table-1 thead th:nth-child(%d) button", i) }
	state := `[...document.querySelectorAll("#table-1 thead th")].map((th) => th.getAttribute("aria-sort")).join()`
	do(t, ctx, click(sort(2)))
	want(t, "by name", cells(t, ctx, "table-1", 1), []string{hostile, "adam", "cabs", "sgd"})
	if got := eval[string](t, ctx, state); !strings.HasPrefix(got, "none,ascending,none,") {
		t.Errorf("aria-sort is %s after a click on the names", got)
	}
	do(t, ctx, focus(sort(4)), chromedp.KeyEvent("\r"))
	want(t, "by accuracy, best first", cells(t, ctx, "table-1", 1), byRank)
	do(t, ctx, focus(sort(4)), chromedp.KeyEvent(" "))
	want(t, "by accuracy, worst first", cells(t, ctx, "table-1", 1),
		[]string{hostile, "cabs", "adam", "sgd"})
	if got := eval[string](t, ctx, state); !strings.HasPrefix(got, "none,none,none,ascending,") {
		t.Errorf("aria-sort is %s after the second key", got)
	}

	// Filters act on rows and on plots.
	ink := func(color string) int { // pixels of about this colour in the first chart
		return eval[int](t, ctx, fmt.Sprintf(`(() => {
			const c = document.querySelector("#problem-1 canvas"), copy = new OffscreenCanvas(c.width, c.height).getContext("2d", { willReadFrequently: true });
			copy.drawImage(c, 0, 0);
			const d = copy.getImageData(0, 0, c.width, c.height).data;
			const [r, g, b] = [1, 3, 5].map((i) => parseInt(%q.slice(i, i + 2), 16));
			let n = 0;
			for (let i = 0; i < d.length; i += 4) if (Math.abs(d[i] - r) + Math.abs(d[i + 1] - g) + Math.abs(d[i + 2] - b) < 30) n++;
			return n;
		})()`, color))
	}
	data := unpack(t, eval[string](t, ctx, `document.getElementById("data").textContent`))
	color := data.Optimizers[slices.IndexFunc(data.Optimizers,
		func(o optimizer) bool { return o.Name == "adam" })].Light
	if ink(color) == 0 {
		t.Errorf("the chart has no line of adam, %s", color)
	}
	adam := `.filters input[value="adam"]`
	do(t, ctx, click(adam), chromedp.Sleep(300*time.Millisecond))
	want(t, "without adam", cells(t, ctx, "table-1", 1), []string{hostile, "cabs", "sgd"})
	if n := ink(color); n > 0 {
		t.Errorf("the chart still has %d pixels of adam", n)
	}
	do(t, ctx, click(adam), click(`.filters input[value="letters"]`))
	if eval[bool](t, ctx, `document.getElementById("problem-2").offsetHeight > 0`) {
		t.Error("the problem letters is shown after its filter was cleared")
	}
	do(t, ctx, click(`[data-all="problem"]`))
	if !eval[bool](t, ctx, `document.getElementById("problem-2").offsetHeight > 0`) {
		t.Error("the problem letters is hidden after the filter shows all")
	}

	// Pointing at a line shows its values.
	do(t, ctx, chromedp.ScrollIntoView(chromedp.CSS("#problem-1 .u-over")))
	until(t, ctx, `(({ near, stale }) => near === "yes" && stale === "no")(document.querySelector("#problem-1 .plot").dataset)`)
	box := eval[[]float64](t, ctx,
		`(() => { const b = document.querySelector("#problem-1 .u-over").getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()`)
	do(t, ctx, chromedp.MouseEvent("mouseMoved", box[0]+box[2]-2, box[1]+box[3]-4))
	hover := func(texts ...string) {
		t.Helper()
		script := `!document.getElementById("hover").hidden`
		for _, text := range texts {
			script += fmt.Sprintf(` && document.getElementById("hover").innerText.includes(%q)`,
				text)
		}
		until(t, ctx, script)
	}
	hover("sgd\n", "loss on the train part: 0.0", "examples seen: 20000")

	// So do the arrow keys.
	do(t, ctx, focus("#problem-1 .plot"), chromedp.KeyEvent(kb.ArrowLeft))
	hover("examples seen: 15000")

	// The keyboard reaches what the mouse does: plots that are not drawn yet, what a heading means,
	// and mean ranks. Escape hides what is shown.
	if !eval[bool](t, ctx, `[...document.querySelectorAll(".plot")].every((e) => e.tabIndex === 0 && e.ariaLabel)`) {
		t.Error("the keyboard does not reach every plot")
	}
	do(t, ctx, focus(sort(3)), chromedp.KeyEvent(kb.Tab))
	hover(eval[string](t, ctx, `document.querySelector("#table-1 thead th:nth-child(4)").title`))
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	until(t, ctx, `document.getElementById("hover").hidden`)
	second := `document.querySelectorAll(".picture tbody tr")[1].dataset.optimizer`
	do(t, ctx, focus(".picture .scroll"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowDown))
	hover(eval[string](t, ctx, second)+": place ", ", mean rank ")
	do(t, ctx, chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp)) // there is none above the first
	hover(eval[string](t, ctx, strings.Replace(second, "[1]", "[0]", 1)) + ": place ")
	do(t, ctx, chromedp.KeyEvent(kb.Tab))
	until(t, ctx, `document.getElementById("hover").hidden && document.querySelector(".at") === null`)

	// Downloads hold the table, and what is copied is the table as Markdown.
	if csv := data.Exports["problem-1.csv"]; !strings.HasPrefix(csv, "plan,") {
		t.Errorf("the CSV begins with %.40q", csv)
	}
	do(t, ctx, click(`#problem-1 [data-copy$=".md"]`))
	until(t, ctx, `document.querySelector('#problem-1 [data-copy$=".md"]').textContent === "copied"`)

	// Dark and light.
	paper := `getComputedStyle(document.body).backgroundColor`
	light := eval[string](t, ctx, paper)
	do(t, ctx, click("#theme"))
	if dark := eval[string](t, ctx, paper); dark == light {
		t.Errorf("the background stays %s when the theme changes", dark)
	}
	do(t, ctx, click("#theme"))
	if again := eval[string](t, ctx, paper); again != light {
		t.Errorf("the background is %s when the theme changed twice, want %s", again, light)
	}

	// Nothing sticks out on a phone; tables scroll on their own.
	do(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector(".picture table").style.width = "2000px"`))
	if width := eval[int](t, ctx, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide on a phone of 390", width)
	}
}

// The system's preference decides as long as the reader does not.
func TestBrowserDark(t *testing.T) {
	address := file(t, made())
	ctx := browser(t, address, address)
	media(t, ctx, "dark")
	if got := eval[string](t, ctx,
		`getComputedStyle(document.body).backgroundColor`); got != "rgb(20, 24, 29)" {
		t.Errorf("the background is %s, want the dark one", got)
	}
	if ratio := contrast(t, ctx); ratio < 4.5 {
		t.Errorf("the least contrast of text in dark colours is %.2f, want 4.5", ratio)
	}
	media(t, ctx, "light")
	if ratio := contrast(t, ctx); ratio < 4.5 {
		t.Errorf("the least contrast of text in light colours is %.2f, want 4.5", ratio)
	}
}

// contrast is the least contrast between text and what is behind it, by the formula of WCAG 2.2
// (relative luminance).
func contrast(t *testing.T, ctx context.Context) float64 {
	t.Helper()
	return eval[float64](t, ctx, `(() => {
		const parse = (c) => { const v = c.match(/[\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v; };
		const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3])).concat(1);
		const luminance = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
			const v = c[i] / 255;
			return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		}, 0);
		let least = 21;
		for (const e of document.body.querySelectorAll("*")) {
			if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetHeight || e.closest(".plot, script, progress")) continue;
			const layers = [];
			for (let p = e; p; p = p.parentElement) layers.unshift(parse(getComputedStyle(p).backgroundColor));
			const back = layers.reduce((b, l) => over(l, b), [255, 255, 255, 1]);
			const [a, b] = [luminance(over(parse(getComputedStyle(e).color), back)), luminance(back)];
			least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
		}
		return least;
	})()`)
}

// A served page follows the records and keeps what its reader did to it.
func TestBrowserLive(t *testing.T) {
	p := made()
	p.Live = "1"
	changed := make(chan string, 1)
	var mu sync.Mutex
	text := write(t, p)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			mu.Lock()
			defer mu.Unlock()
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, text)
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "event: change\ndata: 1\n\n")
			w.(http.Flusher).Flush()
			select {
			case version := <-changed:
				fmt.Fprintf(w, "event: change\ndata: %s\n\n", version)
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			case <-r.Context().Done():
			}
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.CloseClientConnections()
	ctx := browser(t, server.URL+"/", server.URL+"/")
	until(t, ctx, `document.getElementById("live").textContent === "live"`)

	do(t, ctx, click(`.filters input[value="cabs"]`), click(
		"#table-1 thead th:nth-child(2) button"),
		chromedp.Evaluate[chromedp.Void](`document.getElementById("runs-problem-1").open = true; scrollTo({ top: 700, behavior: "instant" })`))
	before := cells(t, ctx, "table-1", 3)

	for i := range p.Cells {
		if c := &p.Cells[i]; c.Problem == "digits" && c.Optimizer == "adam" {
			c.Runs = c.Runs[:9]
			c.Missing = 1
		}
	}
	p.Report, p.Live = measures.Build(p.Plan, p.Cells), "2"
	mu.Lock()
	text = write(t, p)
	mu.Unlock()
	changed <- "2"
	until(t, ctx, `document.body.dataset.live === "2"`)

	want(t, "names after the update", cells(t, ctx, "table-1", 1), []string{hostile, "adam", "sgd"})
	if after := cells(t, ctx, "table-1", 3); slices.Equal(before, after) {
		t.Error("the table did not change")
	}
	if !eval[bool](t, ctx, `!document.querySelector('.filters input[value="cabs"]').checked && document.getElementById("runs-problem-1").open && Math.abs(scrollY - 700) < 60`) {
		t.Error("the update lost the filter, the opened part or the place on the page")
	}
	do(t, ctx, chromedp.ScrollIntoView(chromedp.CSS("#problem-1 .plot")))
	until(t, ctx, `document.querySelector("#problem-1 canvas") !== null`)
}
