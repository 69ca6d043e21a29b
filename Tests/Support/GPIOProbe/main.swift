// Takes GPIO lines and says what becomes of them, one line of text for each event, so that a test can look at the real kernel through
// GPIOLines. Orders come on standard input: `set BITS MASK`, `get`, `end`.
//
// usage: gpio-probe (in DEBOUNCE_MS | out INITIAL) CHIP[!]:LINE…      LINE is an offset or a name, `!` is active low

import EventLoop

guard let settings = Probe.settings(CommandLine.arguments.dropFirst()) else {
    Probe.say("error usage: gpio-probe (in MS | out BITS) CHIP[!]:LINE…")
    throw SystemError(code: 0, operation: "usage")
}
try Probe(settings).run()
