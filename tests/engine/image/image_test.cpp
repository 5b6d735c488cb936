#include <QtTest>
#include <random>

#include "engine/image/image.h"
#include "engine/model/error.h"

using namespace lapidary;

class ImageTest : public QObject {
  Q_OBJECT

 private slots:
  void decodes_data();
  void decodes();
  void refuses_data();
  void refuses();
  void survivesDamage_data() { decodes_data(); }
  void survivesDamage();
  void convertsBetweenGrayAndColor();
};

namespace {

// Small files, written by each format's own library or by hand.
constexpr const char* png =
    "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d000000164944415478da63f8cfc0c0"
    "00c30c0d0d0dffffff07003a61077b029fdff40000000049454e44ae426082";
constexpr const char* palette_png =
    "89504e470d0a1a0a0000000d4948445200000003000000010203000000668efc2700000009504c5445ff000000ff0000"
    "00ff2d4acd8a0000000a4944415478da63900000001a001980008ebb0000000049454e44ae426082";
constexpr const char* deep_gray_png =
    "89504e470d0a1a0a0000000d494844520000000200000001100000000081d9fc150000000d4944415478da636868f8ff"
    "1f00068202ff6ce043230000000049454e44ae426082";
constexpr const char* transparent_png =
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63e0129163"
    "000000a5003db6c69aac0000000049454e44ae426082";
constexpr const char* gray_jpeg =
    "ffd8ffe000104a46494600010100000100010000ffdb0043000101010101010101010101010101010101010101010101"
    "0101010101010101010101010101010101010101010101010101010101010101010101010101010101ffc0000b080002"
    "000201011100ffc40014000100000000000000000000000000000008ffc4001410010000000000000000000000000000"
    "0000ffda0008010100003f000fbfffd9";
constexpr const char* color_jpeg =
    "ffd8ffe000104a46494600010100000100010000ffdb0043000101010101010101010101010101010101010101010101"
    "0101010101010101010101010101010101010101010101010101010101010101010101010101010101ffdb0043010101"
    "010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101"
    "0101010101010101010101010101ffc00011080002000203012200021101031101ffc400150001010000000000000000"
    "0000000000000006ffc40014100100000000000000000000000000000000ffc400140101000000000000000000000000"
    "00000009ffc40014110100000000000000000000000000000000ffda000c03010002110311003f009f00579b07ffd9";
constexpr const char* webp =
    "524946463a000000574542505650384c2d0000002f024000002f20102048576e43405074dd7202018274e5e63f406c72"
    "6c1528641b014eed1e9313ba88fec7f40200";
constexpr const char* tiff =
    "49492a0008000000090000010300010000000300000001010300010000000200000002010300030000007a0000000301"
    "030001000000010000000601030001000000020000001101040001000000800000001501030001000000030000001601"
    "0300010000000200000017010400010000001200000000000000080008000800ff000000ff000000ff000000808080ff"
    "ffff";
constexpr const char* jpeg2000 =
    "ff4fff51002f000000000003000000020000000000000000000000030000000200000000000000000003070101070101"
    "070101ff52000c00000001000004040001ff5c00044040ff640025000143726561746564206279204f70656e4a504547"
    "2076657273696f6e20322e352e30ff90000a00000000002e0001ff93df80400be46e105a6e9577df804008f3a06927f7"
    "f4cfdf803808b4f7feee015fffd9";
constexpr const char* bmp =
    "424d4e000000000000003600000028000000030000000200000001001800000000001800000000000000000000000000"
    "000000000000000000808080ffffff0000000000ff00ff00ff0000000000";
constexpr const char* run_length_bmp =
    "424d00000000000000004200000028000000030000000200000001000800010000000000000000000000000000000300"
    "0000000000000000ff0000ff0000ff000000030200000003000102000001";
constexpr const char* bitmap_bmp =
    "424d00000000000000003e0000002800000003000000ffffffff01000100000000000000000000000000000000000200"
    "00000000000000000000ffffff00a0000000";
constexpr const char* five_six_five_bmp =
    "424d00000000000000004200000028000000020000000100000001001000030000000000000000000000000000000000"
    "00000000000000f80000e00700001f00000000f8e007";

/// Three by two pixels: red, green, blue; black, gray, white.
const std::vector<int> six_colors = {255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 128, 128, 128, 255, 255, 255};

std::span<const std::byte> bytes_of(const QByteArray& file) {
  return {reinterpret_cast<const std::byte*>(file.constData()), static_cast<std::size_t>(file.size())};
}

}  // namespace

void ImageTest::decodes_data() {
  QTest::addColumn<QByteArray>("file");
  QTest::addColumn<int>("width");
  QTest::addColumn<int>("height");
  QTest::addColumn<std::vector<int>>("pixels");
  const auto add = [](const char* name, const QByteArray& file, int width, int height,
                      std::vector<int> pixels) {
    QTest::newRow(name) << file << width << height << std::move(pixels);
  };
  const auto hex = [](const char* text) { return QByteArray::fromHex(text); };
  add("PNG", hex(png), 3, 2, six_colors);
  add("PNG with palette", hex(palette_png), 3, 1, {255, 0, 0, 0, 255, 0, 0, 0, 255});
  add("PNG, 16 bits of gray", hex(deep_gray_png), 2, 1, {128, 255});
  add("PNG, transparency dropped", hex(transparent_png), 1, 1, {10, 20, 30});
  add("JPEG, gray", hex(gray_jpeg), 2, 2, {100, 100, 100, 100});
  add("JPEG", hex(color_jpeg), 2, 2, {200, 100, 50, 200, 100, 50, 200, 100, 50, 200, 100, 50});
  add("WebP", hex(webp), 3, 2, six_colors);
  add("TIFF", hex(tiff), 3, 2, six_colors);
  add("JPEG 2000", hex(jpeg2000), 3, 2, six_colors);
  add("BMP", hex(bmp), 3, 2, six_colors);
  add("BMP in run lengths", hex(run_length_bmp), 3, 2,
      {255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255});
  add("BMP bitmap from the top", hex(bitmap_bmp), 3, 1, {255, 255, 255, 0, 0, 0, 255, 255, 255});
  add("BMP of 5, 6 and 5 bits", hex(five_six_five_bmp), 2, 1, {255, 0, 0, 0, 255, 0});
  add("PBM as text", "P1 # two pixels\n2 1\n10", 2, 1, {0, 255});
  add("PGM as text", "P2\n2 1\n15\n0 15\n", 2, 1, {0, 255});
  add("PPM as text", "P3 1 1 255 1 2 3", 1, 1, {1, 2, 3});
  add("PBM", QByteArray("P4\n9 1\n\x80\x80", 10), 9, 1, {0, 255, 255, 255, 255, 255, 255, 255, 0});
  add("PGM of 16 bits", QByteArray("P5 1 2 65535\n\xff\xff\x80\x00", 17), 1, 2, {255, 128});
  add("PPM", QByteArray("P6 1 1 255\n\x01\x02\x03", 14), 1, 1, {1, 2, 3});
}

void ImageTest::decodes() {
  QFETCH(QByteArray, file);
  QFETCH(int, width);
  QFETCH(int, height);
  QFETCH(std::vector<int>, pixels);
  const Image image = decode_image(bytes_of(file));
  QCOMPARE(image.width, width);
  QCOMPARE(image.height, height);
  QCOMPARE(image.width * image.height * image.channels, static_cast<std::int64_t>(image.pixels.size()));
  QCOMPARE(std::vector<int>(image.pixels.begin(), image.pixels.end()), pixels);
}

void ImageTest::refuses_data() {
  QTest::addColumn<QByteArray>("file");
  QTest::addColumn<QString>("message");
  QTest::newRow("nothing") << QByteArray() << "no picture";
  QTest::newRow("text") << QByteArray("hello, world") << "no picture";
  QTest::newRow("PNM that claims too much") << QByteArray("P5 30000 30000 255\n") << "claims";
  QTest::newRow("PNM without pixels") << QByteArray("P5 0 1 255\n") << "no pixels";
  QTest::newRow("PNM cut") << QByteArray("P5 2 2 255\nab") << "too early";
  QByteArray large = QByteArray::fromHex(bmp);
  large.replace(18, 4, QByteArray("\xff\xff\xff\x7f", 4));
  QTest::newRow("BMP that claims too much") << large << "too early";
  QTest::newRow("PNG cut") << QByteArray::fromHex(png).left(50) << "PNG";
  QTest::newRow("JPEG without picture") << QByteArray::fromHex(color_jpeg).left(100) << "JPEG";
  QTest::newRow("TIFF cut") << QByteArray::fromHex(tiff).left(60) << "TIFF";
  QTest::newRow("JPEG 2000 cut") << QByteArray::fromHex(jpeg2000).left(20) << "JPEG 2000";
}

void ImageTest::refuses() {
  QFETCH(QByteArray, file);
  QFETCH(QString, message);
  try {
    decode_image(bytes_of(file));
  } catch (const Error& error) {
    QVERIFY2(QString::fromUtf8(error.what()).contains(message), error.what());
    return;
  }
  QFAIL("this was to be refused");
}

/// Whatever happens to a file's bytes, the outcome is a picture or an Error.
void ImageTest::survivesDamage() {
  QFETCH(QByteArray, file);
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    QByteArray damaged = file;
    for (int i = 0; i < 1 + round % 4; ++i)
      damaged[static_cast<int>(random() % static_cast<unsigned>(file.size()))] = static_cast<char>(random());
    if (round % 3 == 0) damaged.truncate(static_cast<int>(random() % static_cast<unsigned>(file.size())));
    try {
      const Image image = decode_image(bytes_of(damaged));
      QCOMPARE(image.width * image.height * image.channels, static_cast<std::int64_t>(image.pixels.size()));
    } catch (const Error& error) {
      QVERIFY(!error.message().empty());
    }
  }
}

void ImageTest::convertsBetweenGrayAndColor() {
  const Image color{1, 2, 3, {255, 0, 0, 10, 10, 10}};
  QCOMPARE(in_gray(color).pixels, (std::vector<std::uint8_t>{76, 10}));
  QCOMPARE(in_color(in_gray(color)).pixels, (std::vector<std::uint8_t>{76, 76, 76, 10, 10, 10}));
}

QTEST_GUILESS_MAIN(ImageTest)
#include "image_test.moc"
