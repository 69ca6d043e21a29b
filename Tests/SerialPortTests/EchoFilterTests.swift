import Testing

@testable import SerialPort

@Suite struct EchoFilterTests {
    @Test func anEchoInPiecesIsTakenOutWholly() {
        var filter = EchoFilter()
        filter.sent([1, 2, 3])
        let first = filter.pass([1, 2])
        #expect(first == [])
        let second = filter.pass([3, 1, 2])
        #expect(second == [1, 2])
        let third = filter.pass([4])
        #expect(third == [4])
    }

    @Test func anAnswerThatBeginsLikeTheRequestIsKeptWhenThereIsNoEcho() {
        var filter = EchoFilter()
        filter.sent([1, 4, 0, 0, 0, 2])
        let first = filter.pass([1, 4])
        #expect(first == [])
        let second = filter.pass([4, 7])
        #expect(second == [1, 4, 4, 7])
        let third = filter.pass([1, 4])
        #expect(third == [1, 4])
    }

    @Test func noEchoIsExpectedOfWhatWasForgotten() {
        var filter = EchoFilter()
        filter.sent([1, 2])
        let first = filter.pass([1])
        #expect(first == [])
        filter.reset()
        let second = filter.pass([2])
        #expect(second == [2])
    }
}
