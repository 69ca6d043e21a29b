import EventLoop
import Glibc
import LoopUnderTest
import TemporaryFolder
import Testing

@testable import modem_manager

/// What a program appends to a file is heard, and the file does not grow without end.
@Suite struct LogTailTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("cell-pppd.log")
    }

    /// As `pppd` opens its log.
    private func append(_ text: String) throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let bytes = Array(text.utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
    }

    @Test func whatIsThereAndWhatIsAppendedIsHeard() throws {
        let loop = try EventLoop()
        try append("primary   DNS address 10.0.0.1\n")
        let heard = Recorder<UInt8>()
        let tail = try LogTail(path: path, isNew: false, loop: loop) { heard.elements += $0 }
        try loop.run(until: { heard.elements.last == 0x0A })
        try append("more\n")
        try loop.run(until: { heard.elements.suffix(5).elementsEqual("more\n".utf8) })
        tail.close()
    }

    @Test func aFileThatGrowsIsCutAndItsBeginningStays() throws {
        let loop = try EventLoop()
        var count = 0
        var last: [UInt8] = []
        let tail = try LogTail(path: path, isNew: true, loop: loop) { bytes in
            count += bytes.count
            last = (last + bytes).suffix(5)
        }
        let beginning = "primary   DNS address 10.0.0.1\n"
        try append(beginning)
        var written = beginning.utf8.count
        var most = 0
        for _ in 0..<100 {
            let text = String(repeating: "sent [LCP EchoReq id=0x7 magic=0x1]\n", count: 1000)
            try append(text)
            written += text.utf8.count
            try loop.run(until: { count == written })
            most = max(most, try folder.read("cell-pppd.log").count)
        }
        try append("end.\n")
        try loop.run(until: { last.elementsEqual("end.\n".utf8) })
        let left = try folder.read("cell-pppd.log")
        #expect(written > 3_000_000 && most < LogTail.longest + 50_000)
        #expect(left.starts(with: beginning.utf8) && left.suffix(5).elementsEqual("end.\n".utf8))
        #expect(!left.contains(0), "There is no hole in it.")
        tail.close()
    }
}
