import Primitives
import Testing

@Suite struct OutsideTextTests {
    @Test(arguments: [
        ("Zweites Netz", "Zweites Netz"), ("", ""), ("a\u{1B}[31mb", "a [31mb"),
        ("a\r\n<0>b", "a <0>b"), ("a\u{9B}b\u{7F}", "a b "),
        ("a\u{202E}b\u{2028}c\u{2066}d\u{200F}e", "a b c d e"), ("na\u{EF}ve 中 👍🏽", "na\u{EF}ve 中 👍🏽"),
    ])
    func whatSteersATerminalOrBeginsALineBecomesASpace(_ text: String, _ clean: String) {
        #expect(text.withoutSteering == clean && clean.withoutSteering == clean)
    }
}
