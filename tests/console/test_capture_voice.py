"""What the capture sample measures, by known sounds and boxes: loudness, voice activity, pitch, chunks, faces. In Chromium."""

import pytest

from tests.support.servers import Service

#: Sounds of 50 ms by their name, and blocks of a level that fluctuates as noise does.
SOUNDS = """
window.load = (name) => import(`/console/capture/${name}.js`);
window.noise = (seed) => {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 31 - 1;
};
window.sound = (rate, at, ms = 50) => Float32Array.from({length: (rate * ms) / 1000}, (_, index) => at(index / rate));
window.tone = (hertz, loud = 0.5) => (s) => loud * Math.sin(2 * Math.PI * hertz * s);
window.vowel = (hertz, shares) => (s) => shares.reduce((sum, share, n) => sum + share * Math.sin(2 * Math.PI * hertz * (n + 1) * s + n), 0);
"""


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    home = tmp_path_factory.mktemp("voice")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", LOG_LEVEL="warning") as service:
        context = chromium.new_context()
        context.add_init_script(SOUNDS)
        page = context.new_page()
        page.goto(f"{service.url}/console/live")
        yield page
        context.close()


def voice(page, body, **values):
    """The value of a function's body, in which the functions of ``voice.js`` are ``v``."""
    return page.evaluate(f"async (given) => {{ const v = await load('voice'); {body} }}", values)


def activity(page, blocks):
    """Whether each of so many blocks of each level, dB, is voiced; levels vary by a tenth as those of noise do."""
    body = """
      const next = noise(1);
      let state = v.QUIET;
      return given.blocks.map(([db, count]) => Array.from({length: count}, () => {
        state = v.voiceActivity(state, 10 ** (db / 20) * (1 + 0.1 * next()));
        return state.voiced;
      }));"""
    return voice(page, body, blocks=blocks)


# -- Loudness --------------------------------------------------------------------------------------------------------------


def test_loudness_is_the_root_mean_square(page):
    assert voice(page, "return v.rms(sound(48000, tone(440, 1)))") == pytest.approx(0.5**0.5, abs=1e-4)
    assert voice(page, "return v.rms(sound(48000, () => -1))") == 1
    assert voice(page, "return v.rms(new Float32Array(2400))") == 0
    assert voice(page, "return v.rms([])") == 0
    assert voice(page, "return [1, 0.1, 0].map(v.decibels)") == pytest.approx([0, -20, -100])


# -- Pitch -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
def test_pitch_of_a_sine_wave_is_its_frequency(page, rate):
    tones = [70, 98, 110, 164.8, 220, 311.1, 440, 490]
    result = voice(page, "return given.tones.map((hertz) => v.pitch(sound(given.rate, tone(hertz)), given.rate))", tones=tones, rate=rate)
    for hertz, measured in zip(tones, result, strict=True):
        assert measured == pytest.approx(hertz, rel=0.01), f"{hertz} Hz"


@pytest.mark.parametrize("shares", [[0.3, 0.15, 0.1], [0.05, 0.3, 0.2, 0.1], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]])
def test_pitch_of_a_vowel_is_its_fundamental_not_an_octave_of_it(page, shares):
    for hertz in (95, 130, 210, 300):
        body = "const next = noise(3); const at = vowel(given.hertz, given.shares); "
        body += "return v.pitch(sound(48000, (s) => at(s) + 0.01 * next()), 48000)"
        assert voice(page, body, hertz=hertz, shares=shares) == pytest.approx(hertz, rel=0.02)


def test_what_has_no_pitch_gets_none(page):
    assert voice(page, "return v.pitch(new Float32Array(2400), 48000)") is None
    assert voice(page, "return v.pitch(sound(48000, () => 0.3), 48000)") is None, "a constant is no sound"
    assert voice(page, "return v.pitch(new Float32Array(10), 48000)") is None
    assert voice(page, "return [1, 2, 3, 4, 5].map((seed) => v.pitch(sound(48000, noise(seed)), 48000))") == [None] * 5
    assert voice(page, "return v.pitch(sound(48000, tone(30)), 48000)") is None, "below voices"


# -- Voice activity --------------------------------------------------------------------------------------------------------


def test_silence_and_the_rooms_own_sound_are_no_voice(page):
    (silence,) = activity(page, [(-100, 100)])
    assert not any(silence)
    for level in (-60, -45, -30):
        beginning, later = activity(page, [(level, 400), (level, 200)])
        assert not any(later), f"{level} dB for more than 20 s are the room"


def test_bursts_over_the_rooms_sound_are_voice_and_its_soft_ends_too(page):
    for room in (-70, -55, -45):
        before, speech, after, again = activity(page, [(room, 400), (room + 25, 20), (room, 40), (room + 25, 20)])
        assert not any(before[-100:])
        assert all(speech) and all(again)
        assert after[:3] == [True] * 3 and not any(after[4:]), "200 ms after the last loud block"


def test_speech_with_pauses_stays_voice_for_minutes(page):
    syllables = [(-25, 6), (-50, 3)] * 300
    result = activity(page, syllables)
    assert all(all(loud) for loud in result[::2])


def test_a_fan_that_is_switched_on_becomes_part_of_the_room(page):
    _, fan, later, over_it = activity(page, [(-60, 100), (-35, 500), (-35, 100), (-15, 10)])
    assert fan[0] and not any(later) and all(over_it)


def test_a_microphone_that_was_muted_is_not_deceived_by_soft_noise(page):
    _, noise, voiced = activity(page, [(-100, 1000), (-56, 100), (-30, 10)])
    assert not any(noise) and all(voiced)


# -- Chunks ----------------------------------------------------------------------------------------------------------------


def chunk(page, *blocks):
    named = [{"rms": rms, "voiced": voiced, "pitch": pitch} for rms, voiced, pitch in blocks]
    return voice(page, "return v.chunkOf(given.blocks)", blocks=named)


def test_a_chunk_sums_up_its_blocks(page):
    assert chunk(page, *[(0.0, False, None)] * 10) == {"vad": 0, "rms": 0, "pitch": None}
    assert chunk(page, *[(0.2, True, 200.0)] * 10) == {"vad": 1, "rms": 0.2, "pitch": 200}
    mixed = chunk(page, (0.3, True, 180.04), (0.4, True, 190.0), (0.0, True, None), (0.0, False, 400.0))
    assert mixed == {"vad": 0.75, "rms": 0.25, "pitch": 180}, "the median of the voiced ones"


# -- Faces and minutes -----------------------------------------------------------------------------------------------------


def test_a_face_is_seen_as_well_as_it_is_near_and_inside_of_the_picture(page):
    def quality(*boxes):
        named = [dict(zip(("x", "y", "width", "height"), box, strict=True)) for box in boxes]
        return page.evaluate("async (boxes) => (await load('face')).faceQuality(boxes, {width: 640, height: 480})", named)

    assert quality() == 0
    assert quality((220, 100, 200, 240)) == 1
    assert quality((220, 100, 60, 72)) == 0.5, "72 px of 480 are half of 30 %"
    assert quality((-100, 100, 200, 240)) == 0.5 and quality((540, 100, 200, 240)) == 0.5
    assert quality((540, 360, 200, 240)) == 0.25
    assert quality((700, 100, 200, 240)) == 0
    assert quality((0, 0, 20, 24), (220, 100, 200, 240)) == 1, "the largest counts"
    assert quality((10, 10, 0, 0)) == 0


def test_the_first_minute_is_scored_early_and_each_whole_one_once(page):
    steps = """async () => {
      const {scoringAfter, minuteToScore} = await load('live_session');
      const scored = [];
      for (let ms = scoringAfter(0); ms < 200_000; ms = scoringAfter(ms)) scored.push([ms, minuteToScore(ms)]);
      return [scored, scoringAfter(130_000), minuteToScore(scoringAfter(3_600_500))];
    }"""
    scored, joined, hour = page.evaluate(steps)
    assert scored == [[5000, 0], [15_000, 0], [30_000, 0], [62_000, 0], [122_000, 1], [182_000, 2]]
    assert (joined, hour) == (182_000, 59)
