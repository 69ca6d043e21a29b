import BusSchema
import JSON
import Testing

@Suite struct FixtureTests {
    @Test(arguments: Fixture.all)
    func aRecordedPayloadReadsAsTheStatedValue(fixture: Fixture) throws {
        #expect(try fixture.reads(try fixture.recorded()))
    }

    @Test(arguments: Fixture.all.filter(\.isCurrent))
    func ourEncodingIsTheRecordedOneByteForByte(fixture: Fixture) throws {
        let encoded = String(decoding: try fixture.encode(), as: UTF8.self)
        #expect(encoded == String(decoding: try fixture.recorded(), as: UTF8.self))
    }

    @Test(arguments: Fixture.all)
    func fieldsOfLaterVersionsAreIgnored(fixture: Fixture) throws {
        let extended = Shape.withInventedMembers(try JSON.parse(try fixture.recorded()))
        #expect(try fixture.reads(JSON.write(extended)))
    }

    @Test(arguments: Fixture.all)
    func everyOptionalFieldMayBeAbsent(fixture: Fixture) throws {
        let recorded = try JSON.parse(try fixture.recorded())
        for (path, payload) in Shape.withoutOptionals(recorded, of: fixture.value) {
            #expect(throws: Never.self, "\(path)") { try fixture.recode(JSON.write(payload)) }
        }
    }

    @Test(arguments: Fixture.all)
    func unknownEnumValuesSurviveARoundTrip(fixture: Fixture) throws {
        let recorded = try JSON.parse(try fixture.recorded())
        for (path, payload) in Shape.withUnknownEnumValues(recorded, of: fixture.value) {
            let again = try JSON.parse(try fixture.recode(JSON.write(payload)))
            #expect(again == payload, "\(path)")
        }
    }

    /// The two tests above look for properties by reflection; here is what they must find.
    @Test func theSearchForOptionalsAndEnumsFindsThem() throws {
        let fixture = try #require(Fixture.all.first { $0.name == "uplink.state/001-two" })
        let recorded = try JSON.parse(try fixture.recorded())
        let optionals = Shape.withoutOptionals(recorded, of: fixture.value).map(\.path)
        #expect(optionals == [".active", ".uplinks[0].interface", ".endToEnd"])
        let enums = Shape.withUnknownEnumValues(recorded, of: fixture.value).map(\.path)
        #expect(enums == [".link", ".uplinks[0].link", ".uplinks[1].link", ".endToEnd"])
        let connector = try #require(Fixture.all.first { $0.name == "hardware.connector/001-starting" })
        let faults = Shape.withUnknownEnumValues(try JSON.parse(try connector.recorded()), of: connector.value)
        #expect(faults.map(\.path) == [".contactor", ".lock", ".faults[0]", ".faults[1]"])
    }

    @Test func everyRegisteredTypeHasAFixture() {
        let names = Set(Fixture.all.map(\.name))
        func has(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
        let messages = BusRegistry.states as [any BusMessage.Type] + BusRegistry.events + BusRegistry.requests
        for message in messages { #expect(has("\(message.type)/0"), "\(message.type)") }
        for request in BusRegistry.requests { #expect(has("\(request.type)/reply-0"), "\(request.type)") }
        #expect(has("header/0"))
        #expect(has("error/0"))
    }

    @Test func everyFileIsUsedAndEveryNewestShapeIsCurrent() throws {
        #expect(try recordedNames().sorted() == Fixture.all.map(\.name).sorted())
        let series = Dictionary(grouping: Fixture.all) { "\($0.type) \($0.name.contains("/reply-"))" }
        for fixtures in series.values {
            let newest = fixtures.max { $0.name < $1.name }
            #expect(newest?.isCurrent == true, "\(newest?.name ?? "")")
        }
    }

    @Test func typeNamesAreUniqueAndFoundInTheRegistry() {
        let messages = BusRegistry.states as [any BusMessage.Type] + BusRegistry.events + BusRegistry.requests
        #expect(Set(messages.map { $0.type }).count == messages.count)
        for message in messages { #expect(BusRegistry.message(named: message.type) == message) }
        #expect(BusRegistry.message(named: "hardware.nothing") == nil)
    }
}
