"""Characters and words for `spelling`; written by `docs/build_spelling.py`, not by hand.

From Unicode's confusables (Unicode licence), OpenCC (Apache-2.0) and our own seeds.
"""

from __future__ import annotations

__all__ = ["LETTERS", "LOOK_ALIKES", "SIMPLIFIED", "TRADITIONAL", "WORDS"]

LOOK_ALIKES = """\
ɑαаΑАᎪᗅꓮ𖽀𐊠ƄЬᏏᑲᖯꞴΒВᏴᗷꓐ𐊂𐊡𐌁ᴄⲥсꮯ𐐽ⲤСᏟꓚ𐊢𐌂𐐕𐔜ԁᏧᑯꓒᎠᗞᗪꓓꬲеҽΕЕⴹᎬꓰ𑢦𑢮𐊆ꬵꞙẝքꞘϜᖴꓝ𑣂𑢢𐊇𐊥𐔥ɡᶃƍցԌᏀᏳꓖһհᏂΗⲎНᎻᕼꓧ𐋏ıɪɩιіꙇӏꭵᎥ𑣃ϳјꞲ
ͿЈᎫᒍꓙΚⲔКᏦᛕꓗ𐔘ƖǀΙⲒІӀⵏᛁꓲ𖼨𐊊𐌉ⳐᏞᒪꓡ𖼖𑢣𑢲𐐛𐔦ΜϺⲘМᎷᗰᛖꓟ𐊰𐌑ոռΝⲚꓠ𐔓ᴏᴑꬽοσⲟоჿօഠဝ𐓪𑣈𑣗𐐬ΟⲞОՕⵔዐଠ𐓂ꓳ𑢵𐊒𐊫𐐄𐔖ρⲣрΡⲢРᏢᑭꓑ𐊕ԛգզⵕꭇꭈᴦⲅгꮁƦᎡ
Ꮢ𐒴ᖇꓣ𖼵ꜱƽѕꮪ𑣁𐑈ЅՏᏕᏚꓢ𖼺𐊖𐐠ΤⲦТᎢꓔ𖼊𑢼𐊗𐊱𐌕ꞟᴜꭎꭒʋυս𐓶𑣘Սሀ𐓎ᑌꓴ𖽂𑢸ᴠνѵ𑜆ꮩ𑣀ѴⴸᏙᐯꛟꓦ𖼈𑢠𐔝ɯᴡѡԝա𑜊𑜎𑜏ꮃԜᎳᏔꓪхᕁᕽꞳΧⲬХⵝᚷꓫ𐊐𐊴𐌗𐔧ɣᶌʏỿꭚγуүყ𑣜ΥⲨУ
ҮᎩᎽꓬ𖽃𑢤𐊲ᴢꮓ𑣄ΖᏃꓜ𑢩ØøĐđĦħŁłŦŧƀƁƂƃƇƈƊƋƌƑƒƓƗƘƙƚƝƞƟƤƥƫƬƭƮƲƳƴƵƶǤǥȠȡȤȥȴȵȶȺȻȼȽȾȿɀɃɆɇɈɉɋɌɍɎɏɓɕɖɗɠɢɦɨɫɬɭɱɲɳɴɼɽɾʀʂ
ʈʐʑʙʛʜʝʟʠᴀᴅᴇᴊᴋᴌᴍᴘᴛᵬᵭᵮᵯᵰᵱᵲᵳᵴᵵᵶᵽᶀᶁᶂᶄᶅᶆᶇᶈᶉᶊᶍᶎᶏᶑᶒᶖᶙỾⱠⱡⱢⱣⱤⱥⱦⱧⱨⱩⱪⱫⱬⱮⱱⱲⱳⱴⱸⱺⱾⱿꜰꝀꝁꝂꝃꝄꝅꝈꝉꝊꝋꝌꝍꝐꝑꝒꝓꝔꝕꝖꝗꝘꝙꝞꝟꞎꞐꞑꞒꞓ
ꞔꞕꞖꞗꞠꞡꞢꞣꞤꞥꞦꞧꞨꞩꞪꞭꞯꞸꞹꟄꟅꟆꟇꟈꟉꟊꬴꬷꬸꬹꬺꬻꭆꭉꭖꭗꭘꭙ𝼄𝼉𝼑𝼓𝼖𝼚𝼛𝼝𝼞🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉к
тмнвпшяғκτηωεβχ
"""
LETTERS = """\
aaaAAAAAAAbbbbbBBBBBBBBBcccccCCCCCCCCddddDDDDeeeEEEEEEEEffffFFFFFFFFFggggGGGGhhhHHHHHHHiiiiiiiiiijjJ
JJJJJKKKKKKKIlIIIIllllllLLLLLLLLLMMMMMMMMMMnnNNNNoooooooooooooooOOOOOOOOOOOOOOpppPPPPPPPqqqQrrrrrrRR
RRRRRssssssSSSSSSSSTTTTTTTTTTuuuuvuuuuUUUUUUUvvvvvvVVVVVVVVVwwwwwwwwwWWWWxxxXXXXXXXXXXXyvyyyyyyyyYYY
YYYYYYYzzzZZZZOoDdHhLlTtbBBbCcDDdFfGIKklNnOPptTtTVYyZzGgNdZzlntACcLTszBEeJjqRrYybcddgghilllmnnnrrrrs
tzzbghjlqadejklmptbdfmnprrstzpbdfklmnprsxzadeiuYLlLPRatHhKkZzMvWwveoSZfKkKkKkLlOoOoPpPpPpQqQqVvlNnCc
chBbGgKkNnRrSsHLqUuCSZDdSselllmnrrxxxxltllriocsABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZk
tmhbnwrfktnwebx
"""
TRADITIONAL = """\
㑯㑳㑶㓨㗲㘚㜄㜏㜢㠏㠣㥮㩜㩳㩵㺏䁪䁻䃮䊷䋙䋚䋹䋻䍦䎱䓣䙡䜀䝼䡵䥇䥑䥕䥱䦛䦟䧢䮄䯀䰾䱷䱽䲁䲘䴉丟並乾亂亙亞佇佈佔併來侖侶侷俁係俔俠俥俬倀倆倈倉個們倖倫倲偉偑側偵偽傌傑傖傘備傢傭傯傳傴債傷傾僂僅僉僑僕僞僤
僥僨僱價儀儁儂億儈儉儎儐儔儕儘償優儲儷儸儺儻儼兇兌兒兗內兩冊冑冪凈凍凜凱別刪剄則剋剎剗剛剝剮剴創剷劃劄劇劉劊劌劍劏劑劚勁動務勛勝勞勢勣勩勱勳勵勸勻匭匯匱區協卹卻卽厙厠厤厭厲厴參叄叢吒吳吶呂咼員唄唸問啓
啞啟啢喎喚喪喫喬單喲嗆嗇嗊嗎嗚嗩嗰嗶嘆嘍嘓嘔嘖嘗嘜嘩嘮嘯嘰嘵嘸嘽噁噓噚噝噠噥噦噯噲噴噸噹嚀嚇嚌嚐嚕嚙嚥嚦嚧嚨嚮嚲嚳嚴嚶囀囁囂囅囈囉囌囑囪圇國圍園圓圖團垻埡埨埰執堅堊堖堝堯報場塊塋塏塒塗塚塢塤塵塸塹塿墊
墜墠墮墰墳墶墻墾壇壋壎壓壗壘壙壚壜壞壟壠壢壩壪壯壺壼壽夠夢夥夾奐奧奩奪奬奮奼妝姍姦娙娛婁婦婭媧媯媰媼媽嫋嫗嫵嫺嫻嫿嬀嬃嬈嬋嬌嬙嬡嬤嬪嬰嬸孃孋孌孫學孻孿宮寀寢實寧審寫寬寵寶將專尋對導尷屆屍屓屜屢層屨屬岡
峯峴島峽崍崑崗崙崢崬嵐嵗嵽嵾嶁嶄嶇嶔嶗嶠嶢嶧嶨嶮嶸嶺嶼嶽巋巒巔巖巘巰巹帥師帳帶幀幃幓幗幘幟幣幫幬幷幹幾庫廁廂廄廈廎廕廚廝廞廟廠廡廢廣廩廬廳弒弔弳張強彄彆彈彌彎彔彙彠彥彫彲彿後徑從徠復徵徹恆恥悅悞悵悶悽
惡惱惲惻愛愜愨愴愷愾慄態慍慘慚慟慣慤慪慫慮慳慶慺慼慾憂憊憐憑憒憖憚憤憫憮憲憶懇應懌懍懞懟懣懤懨懲懶懷懸懺懼懾戀戇戔戧戩戰戱戲戶扞拋拚挩挱挾捨捫捱捲掃掄掆掗掙掛採揀揚換揮揯損搖搗搧搵搶摑摜摟摯摳摶摺摻撈
撏撐撓撝撟撣撥撫撲撳撻撾撿擁擄擇擊擋擓擔據擠擡擣擬擯擰擱擲擴擷擺擻擼擽擾攄攆攏攔攖攙攛攜攝攢攣攤攪攬敎敓敗敘敵數斂斃斆斕斬斷於旂旣昇時晉晛晝暈暉暐暘暢暫曄曆曇曉曏曖曠曥曨曬書會朥朧朮東枴柵柺査桱桿梔梘
梜條梟梲棄棊棖棗棟棡棧棲棶椏椲楊楓楨業極榘榦榪榮榲榿構槍槓槤槧槨槮槳槶槼樁樂樅樑樓標樞樢樣樧樫樳樸樹樺樿橈橋機橢橫橯檁檉檔檜檟檢檣檮檯檳檸檻櫃櫍櫓櫚櫛櫝櫞櫟櫥櫧櫨櫪櫫櫬櫱櫳櫸櫻欄欅權欏欒欓欖欞欽歎歐歟
歡歲歷歸歿殘殞殤殨殫殭殮殯殰殲殺殻殼毀毆毿氂氈氌氣氫氬氳氾汎汙決沒沖況泝洩洶浹浿涇涗涼淒淚淥淨淩淪淵淶淺渙減渢渦測渾湊湋湞湧湯溈準溝溫溮溳溼滄滅滌滎滙滬滯滲滷滸滻滾滿漁漊漍漚漢漣漬漲漵漸漿潁潑潔潕潙潚
潛潤潯潰潷潿澀澆澇澐澗澠澤澦澩澫澮澱澾濁濃濄濆濕濘濚濛濜濟濤濧濫濰濱濺濼濾瀂瀅瀆瀇瀉瀋瀏瀕瀘瀝瀟瀠瀦瀧瀨瀰瀲瀾灃灄灑灒灕灘灙灝灡灣灤灧灩災為烏烴無煉煒煙煢煥煩煬煱熅熒熗熰熱熲熾燀燁燈燉燒燖燙燜營燦燬燭
燴燶燻燼燾爍爐爛爭爲爺爾牀牆牘牴牽犖犛犢犧狀狹狽猙猶猻獁獃獄獅獎獨獪獫獮獰獱獲獵獷獸獺獻獼玀現琱琺琿瑋瑒瑣瑤瑩瑪瑲璉璊璕璗璡璣璦璫璯環璵璸璽璿瓅瓊瓏瓔瓚瓛甌甕產産甦畝畢畫異畵當疇疊痙痠痾瘂瘋瘍瘓瘞瘡瘧
瘮瘲瘺瘻療癆癇癉癒癘癟癡癢癤癥癧癩癬癭癮癰癱癲發皁皚皰皸皺盃盜盞盡監盤盧盪眞眥眾睍睏睜睞瞘瞜瞞瞶瞼矇矓矚矯硃硜硤硨硯碕碩碭碸確碼碽磑磚磠磣磧磯磽磾礄礎礐礙礦礪礫礬礱祕祿禍禎禕禡禦禪禮禰禱禿秈稅稈稏稜稟
種稱穀穇穌積穎穠穡穢穩穫穭窩窪窮窯窵窶窺竄竅竇竈竊竪競筆筍筧筴箇箋箏箚節範築篋篔篠篢篤篩篳篸簀簍簑簞簡簣簫簹簽簾籃籅籌籔籙籛籜籟籠籤籩籪籬籮籲粵糉糝糞糧糰糲糴糶糹糾紀紂紃約紅紆紇紈紉紋納紐紓純紕紖紗紘
紙級紛紜紝紞紡紬紮細紱紲紳紵紹紺紼紿絀終絃組絅絆絎結絕絛絝絞絡絢給絨絪絰統絲絳絶絹絺綁綃綄綆綈綉綌綎綏綐綑經綖綜綝綞綠綡綢綣綧綪綫綬維綯綰綱網綳綴綵綸綹綺綻綽綾綿緄緇緊緋緑緒緓緔緗緘緙線緝緞締緡緣緦編
緩緬緯緱緲練緶緹緻緼縈縉縊縋縐縑縕縗縛縝縞縟縣縧縫縭縮縯縱縲縳縴縵縶縷縹總績繃繅繆繒織繕繚繞繡繢繩繪繫繭繮繯繰繳繶繸繹繻繼繽繾繿纁纆纇纈纊續纍纏纓纔纕纖纘纜缽罃罈罌罎罰罵罷羅羆羈羋羣羥羨義羶習翫翬翹翽
耬耮聖聞聯聰聲聳聵聶職聹聽聾肅脅脈脛脣脩脫脹腎腖腡腦腫腳腸膃膕膚膞膠膢膩膽膾膿臉臍臏臘臚臟臠臢臥臨臺與興舉舊舖舘艙艤艦艫艱艷芻苧茲荊莊莖莢莧華菴菸萇萊萬萴萵葉葒葤葦葯葷蒍蒐蒓蒔蒕蒞蒼蓀蓆蓋蓮蓯蓴蓽蔄蔔
蔘蔞蔣蔥蔦蔭蔯蔿蕁蕆蕎蕒蕓蕕蕘蕢蕩蕪蕭蕷薀薈薊薌薑薔薘薟薦薩薳薴薵薹薺藍藎藝藥藪藭藴藶藹藺蘀蘄蘆蘇蘊蘋蘚蘞蘟蘢蘭蘺蘿虆虉處虛虜號虧虯蛺蛻蜆蝀蝕蝟蝦蝨蝸螄螞螢螮螻螿蟄蟈蟎蟣蟬蟯蟲蟳蟶蟻蠁蠅蠆蠍蠐蠑蠔蠟蠣
蠨蠱蠶蠻衆衊術衕衚衛衝袞袷裊裏補裝裡製複褌褘褲褳褸褻襀襇襉襏襖襝襠襤襪襬襯襲襴覈見覎規覓視覘覡覥覦親覬覯覲覷覺覽覿觀觴觶觸訁訂訃計訊訌討訏訐訒訓訕訖託記訛訝訟訢訣訥訩訪設許訴訶診註証詀詁詆詎詐詒詔評詖
詗詘詛詝詞詠詡詢詣試詩詪詫詬詭詮詰話該詳詵詷詼詿誄誅誆誇誌認誑誒誕誘誚語誠誡誣誤誥誦誨說説誰課誶誹誼誾調諂諄談諉請諍諏諑諒諓論諗諛諜諝諞諟諡諢諤諦諧諫諭諮諱諲諳諴諶諷諸諺諼諾謀謁謂謄謅謊謎謏謐謔謖謗謙
謚講謝謠謡謨謫謬謭謳謹謾譁證譎譏譓譖識譙譚譜譞譟譫譭譯議譴護譸譽譾讀讅變讋讌讎讒讓讕讖讚讜讞谿豈豎豐豔豬豶貍貓貙貝貞貟負財貢貧貨販貪貫責貯貰貲貳貴貶買貸貺費貼貽貿賀賁賂賃賄賅資賈賊賑賒賓賕賙賚賜賞賠賡
賢賣賤賦賧質賫賬賭賰賴賵賺賻購賽賾贄贅贇贈贊贋贍贏贐贓贔贖贗贛贜赬趕趙趨趲跡踐踰踴蹌蹕蹟蹠蹣蹤蹺躂躉躊躋躍躎躑躒躓躕躚躡躥躦躪軀車軋軌軍軏軑軒軔軛軝軟軤軫軲軸軹軺軻軼軾較輄輅輇輈載輊輋輒輓輔輕輗輛輜輝
輞輟輥輦輩輪輬輮輯輳輶輸輻輼輾輿轀轂轄轅轆轉轍轎轔轟轡轢轤辦辭辮辯農迴逕這連週進遊運過達違遙遜遞遠遡適遲遶遷選遺遼邁還邇邊邏邐郟郵鄆鄉鄒鄔鄖鄧鄩鄭鄰鄲鄳鄴鄶鄺酇酈醃醖醜醞醟醣醫醬醱醲釀釁釃釅釋釐釒釓釔
釕釗釘釙針釣釤釦釧釩釴釵釷釹釺釾釿鈀鈁鈃鈄鈅鈇鈈鈉鈍鈎鈐鈑鈒鈔鈕鈞鈡鈣鈥鈦鈧鈮鈰鈳鈴鈷鈸鈹鈺鈽鈾鈿鉀鉅鉆鉈鉉鉊鉋鉍鉑鉕鉗鉚鉛鉝鉞鉢鉤鉥鉦鉧鉬鉭鉮鉳鉶鉷鉸鉺鉻鉿銀銃銅銈銍銑銓銖銘銚銛銜銠銣銥銦銨銩銪銫銬
銱銳銶銷銹銻銼鋁鋃鋅鋇鋌鋏鋐鋒鋗鋙鋝鋟鋣鋤鋥鋦鋨鋩鋪鋭鋮鋯鋰鋱鋶鋸鋹鋼錀錁錄錆錇錈錏錐錒錕錘錙錚錛錞錟錠錡錢錤錦錨錩錫錮錯録錳錶錸錼鍀鍁鍃鍅鍆鍇鍈鍊鍋鍍鍔鍘鍚鍛鍠鍤鍥鍩鍬鍭鍰鍵鍶鍺鍼鍾鎂鎄鎇鎊鎌鎓鎔鎖
鎘鎚鎛鎝鎡鎢鎣鎦鎧鎩鎪鎬鎭鎮鎰鎲鎳鎵鎶鎸鎿鏃鏇鏈鏌鏍鏏鏐鏑鏗鏘鏜鏝鏞鏟鏡鏢鏤鏨鏰鏵鏷鏹鏺鏻鏽鐃鐄鐇鐋鐍鐏鐐鐒鐓鐔鐘鐙鐝鐠鐥鐦鐧鐨鐩鐫鐮鐯鐲鐳鐵鐶鐸鐺鐽鐿鑄鑊鑌鑑鑒鑔鑕鑞鑠鑣鑥鑪鑭鑰鑱鑲鑷鑹鑼鑽鑾鑿钁钂
長門閂閃閆閈閉開閌閎閏閑閒間閔閘閡閣閤閥閨閩閫閬閭閱閲閶閹閻閼閽閾閿闃闆闇闈闉闊闋闌闍闐闑闒闓闔闕闖關闞闠闡闢闤闥陘陝陞陣陰陳陸陽隉隊階隑隕際隤隨險隮隯隱隴隸隻雋雖雙雛雜雞離難雲電霑霢霧霽靂靄靆靈靉靚
靜靝靦靨鞏鞝鞦鞽韁韃韆韉韋韌韍韓韙韜韝韞韻響頁頂頃項順頇須頊頌頍頎頏預頑頒頓頔頗領頜頠頡頤頦頫頭頮頰頲頴頵頷頸頹頻頽顆題額顎顏顒顓顔顗願顙顛類顢顥顧顫顬顯顰顱顳顴風颭颮颯颱颳颶颸颺颻颼飀飄飆飈飛飠飢飣
飥飩飪飫飭飯飱飲飴飼飽飾飿餃餄餅餈餉養餌餎餏餑餒餓餕餖餗餘餚餛餜餞餡館餬餱餳餵餶餷餸餺餼餾餿饁饃饅饈饉饊饋饌饑饒饗饘饜饞饢馬馭馮馱馳馴馹馼駁駃駉駐駑駒駓駔駕駘駙駛駝駟駡駢駪駭駰駱駸駼駿騁騂騄騅騊騌騍騎
騏騑騖騙騞騠騤騧騫騭騮騰騱騵騶騷騸騾驀驁驂驃驄驅驊驌驍驎驏驕驗驚驛驟驢驤驥驦驪驫骯髏髒體髕髖髮鬆鬍鬚鬢鬥鬧鬨鬩鬮鬱鬹魎魘魚魛魟魢魨魯魴魷魺鮀鮁鮃鮆鮈鮊鮋鮍鮎鮐鮑鮒鮓鮚鮜鮝鮞鮟鮠鮡鮣鮦鮪鮫鮭鮮鮳鮶鮸鮺鯀
鯁鯇鯉鯊鯒鯔鯕鯖鯗鯛鯝鯡鯢鯤鯧鯨鯪鯫鯰鯴鯷鯻鯽鯿鰁鰂鰃鰆鰈鰉鰊鰌鰍鰏鰐鰒鰓鰛鰜鰟鰠鰣鰤鰥鰧鰨鰩鰭鰮鰱鰲鰳鰵鰶鰷鰹鰺鰻鰼鰾鱀鱂鱅鱇鱈鱉鱒鱔鱖鱗鱘鱚鱝鱟鱠鱣鱤鱧鱨鱭鱯鱲鱷鱸鱺鳥鳧鳩鳬鳲鳳鳴鳶鳾鴆鴇鴉鴒鴕鴛
鴝鴞鴟鴣鴦鴨鴯鴰鴴鴷鴻鴿鵁鵂鵃鵏鵐鵑鵒鵓鵜鵝鵟鵠鵡鵪鵬鵮鵯鵰鵲鵷鵾鶄鶇鶉鶊鶓鶖鶘鶚鶠鶡鶥鶩鶪鶬鶯鶱鶲鶴鶹鶺鶻鶼鶿鷀鷁鷂鷄鷉鷊鷓鷖鷗鷙鷚鷟鷥鷦鷫鷭鷯鷲鷳鷴鷸鷹鷺鷽鸂鸇鸊鸌鸏鸑鸕鸘鸚鸛鸝鸞鹵鹹鹺鹼鹽麗麥麩
麪麫麬麯麳麴麵麼麽黃黌點黨黲黴黶黷黽黿鼂鼉鼕鼴齊齋齎齏齒齔齕齗齘齙齜齟齠齡齣齦齧齪齬齮齯齲齶齷齼龍龎龐龑龔龕龜鿁鿓妳祂
"""
SIMPLIFIED = """\
㑔㑇㐹刾𠵾㘎㚯㛣𡞱㟆𫵷㤘㨫㧐擜𤠋𥇢䀥鿎䌶䌺䌻䌿䌾䍠䎬𬜯䙌䜧䞍𫟦䦂鿏𬭯䥾䦶䦷𨸟𫠊䯅鲃䲣䲝鳚鳤鹮丢并干乱亘亚伫布占并来仑侣局俣系伣侠伡私伥俩俫仓个们幸伦㑈伟㐽侧侦伪㐷杰伧伞备家佣偬传伛债伤倾偻仅佥侨仆伪𫢸
侥偾雇价仪俊侬亿侩俭傤傧俦侪尽偿优储俪㑩傩傥俨凶兑儿兖内两册胄幂净冻凛凯别删刭则克刹刬刚剥剐剀创铲划札剧刘刽刿剑㓥剂㔉劲动务勋胜劳势𪟝勚劢勋励劝匀匦汇匮区协恤却即厍厕历厌厉厣参叁丛咤吴呐吕呙员呗念问启
哑启唡㖞唤丧吃乔单哟呛啬唝吗呜唢𠮶哔叹喽啯呕啧尝唛哗唠啸叽哓呒啴恶嘘㖊咝哒哝哕嗳哙喷吨当咛吓哜尝噜啮咽呖𠰷咙向亸喾严嘤啭嗫嚣冁呓啰苏嘱囱囵国围园圆图团坝垭𫭢采执坚垩垴埚尧报场块茔垲埘涂冢坞埙尘𫭟堑𪣻垫
坠𫮃堕坛坟垯墙垦坛垱埙压𡋤垒圹垆坛坏垄垅坜坝塆壮壶壸寿够梦伙夹奂奥奁夺奖奋姹妆姗奸𫰛娱娄妇娅娲妫㛀媪妈袅妪妩娴娴婳妫媭娆婵娇嫱嫒嬷嫔婴婶娘㛤娈孙学𡥧孪宫采寝实宁审写宽宠宝将专寻对导尴届尸屃屉屡层屦属冈
峰岘岛峡崃昆岗仑峥岽岚岁𫶇㟥嵝崭岖嵚崂峤峣峄峃崄嵘岭屿岳岿峦巅岩𪩘巯卺帅师帐带帧帏㡎帼帻帜币帮帱并干几库厕厢厩厦庼荫厨厮𫷷庙厂庑废广廪庐厅弑吊弪张强𫸩别弹弥弯录汇彟彦雕彨佛后径从徕复征彻恒耻悦悮怅闷凄
恶恼恽恻爱惬悫怆恺忾栗态愠惨惭恸惯悫怄怂虑悭庆㥪戚欲忧惫怜凭愦慭惮愤悯怃宪忆恳应怿懔蒙怼懑㤽恹惩懒怀悬忏惧慑恋戆戋戗戬战戯戏户捍抛拼捝挲挟舍扪挨卷扫抡㧏挜挣挂采拣扬换挥搄损摇捣扇揾抢掴掼搂挚抠抟折掺捞
挦撑挠㧑挢掸拨抚扑揿挞挝捡拥掳择击挡㧟担据挤抬捣拟摈拧搁掷扩撷摆擞撸㧰扰摅撵拢拦撄搀撺携摄攒挛摊搅揽教敚败叙敌数敛毙敩斓斩断于旗既升时晋𬀪昼晕晖𬀩旸畅暂晔历昙晓向暧旷𣆐昽晒书会𦛨胧术东拐栅拐查𣐕杆栀枧
𬂩条枭棁弃棋枨枣栋㭎栈栖梾桠㭏杨枫桢业极矩干杩荣榅桤构枪杠梿椠椁椮桨椢椝桩乐枞梁楼标枢㭤样榝㭴桪朴树桦椫桡桥机椭横𣓿檩柽档桧槚检樯梼台槟柠槛柜𬃊橹榈栉椟橼栎橱槠栌枥橥榇蘖栊榉樱栏榉权椤栾𣗋榄棂钦叹欧欤
欢岁历归殁残殒殇㱮殚僵殓殡㱩歼杀壳壳毁殴毵牦毡氇气氢氩氲泛泛污决没冲况溯泄汹浃𬇙泾涚凉凄泪渌净凌沦渊涞浅涣减沨涡测浑凑𣲗浈涌汤沩准沟温浉涢湿沧灭涤荥汇沪滞渗卤浒浐滚满渔溇𬇹沤汉涟渍涨溆渐浆颍泼洁𣲘沩㴋
潜润浔溃滗涠涩浇涝沄涧渑泽滪泶𬇕浍淀㳠浊浓㳡𣸣湿泞溁蒙浕济涛㳔滥潍滨溅泺滤澛滢渎㲿泻沈浏濒泸沥潇潆潴泷濑弥潋澜沣滠洒𪷽漓滩𣺼灏㳕湾滦滟滟灾为乌烃无炼炜烟茕焕烦炀㶽煴荧炝𬉼热颎炽𬊤烨灯炖烧𬊈烫焖营灿毁烛
烩㶶熏烬焘烁炉烂争为爷尔床墙牍抵牵荦牦犊牺状狭狈狰犹狲犸呆狱狮奖独狯猃狝狞㺍获猎犷兽獭献猕猡现雕珐珲玮玚琐瑶莹玛玱琏𫞩𬍤𬍡琎玑瑷珰㻅环玙瑸玺璇𬍛琼珑璎瓒𤩽瓯瓮产产苏亩毕画异画当畴叠痉酸疴痖疯疡痪瘗疮疟
瘆疭瘘瘘疗痨痫瘅愈疠瘪痴痒疖症疬癞癣瘿瘾痈瘫癫发皂皑疱皲皱杯盗盏尽监盘卢荡真眦众𪾢困睁睐眍䁖瞒瞆睑蒙眬瞩矫朱硁硖砗砚埼硕砀砜确码䂵硙砖硵碜碛矶硗䃅硚础𬒈碍矿砺砾矾砻秘禄祸祯祎祃御禅礼祢祷秃籼税秆䅉棱禀
种称谷䅟稣积颖秾穑秽稳获穞窝洼穷窑窎窭窥窜窍窦灶窃竖竞笔笋笕䇲个笺筝札节范筑箧筼筿𬕂笃筛筚𥮾箦篓蓑箪简篑箫筜签帘篮𥫣筹䉤箓篯箨籁笼签笾簖篱箩吁粤粽糁粪粮团粝籴粜纟纠纪纣𬘓约红纡纥纨纫纹纳纽纾纯纰纼纱纮
纸级纷纭纴𬘘纺䌷扎细绂绁绅纻绍绀绋绐绌终弦组䌹绊绗结绝绦绔绞络绚给绒𬘡绖统丝绛绝绢𫄨绑绡𬘫绠绨绣绤𬘩绥䌼捆经𫄧综𬘭缍绿𫟅绸绻𬘯𬘬线绶维绹绾纲网绷缀彩纶绺绮绽绰绫绵绲缁紧绯绿绪绬绱缃缄缂线缉缎缔缗缘缌编
缓缅纬缑缈练缏缇致缊萦缙缢缒绉缣缊缞缚缜缟缛县绦缝缡缩𬙂纵缧䌸纤缦絷缕缥总绩绷缫缪缯织缮缭绕绣缋绳绘系茧缰缳缲缴𫄷䍁绎𦈡继缤缱䍀𫄸𬙊颣缬纩续累缠缨才𬙋纤缵缆钵䓨坛罂坛罚骂罢罗罴羁芈群羟羡义膻习玩翚翘翙
耧耢圣闻联聪声耸聩聂职聍听聋肃胁脉胫唇修脱胀肾胨脶脑肿脚肠腽腘肤䏝胶𦝼腻胆脍脓脸脐膑腊胪脏脔臜卧临台与兴举旧铺馆舱舣舰舻艰艳刍苎兹荆庄茎荚苋华庵烟苌莱万荝莴叶荭荮苇药荤𫇭搜莼莳蒀莅苍荪席盖莲苁莼荜𬜬卜
参蒌蒋葱茑荫𫈟𫇭荨蒇荞荬芸莸荛蒉荡芜萧蓣蕰荟蓟芗姜蔷荙莶荐萨䓕苧䓓苔荠蓝荩艺药薮䓖蕴苈蔼蔺萚蕲芦苏蕴苹藓蔹𦻕茏兰蓠萝蔂𬟁处虚虏号亏虬蛱蜕蚬𬟽蚀猬虾虱蜗蛳蚂萤䗖蝼螀蛰蝈螨虮蝉蛲虫𫊻蛏蚁蚃蝇虿蝎蛴蝾蚝蜡蛎
蟏蛊蚕蛮众蔑术同胡卫冲衮夹袅里补装里制复裈袆裤裢褛亵𫌀裥裥袯袄裣裆褴袜摆衬袭襕核见觃规觅视觇觋觍觎亲觊觏觐觑觉览觌观觞觯触讠订讣计讯讧讨𬣙讦讱训讪讫托记讹讶讼䜣诀讷讻访设许诉诃诊注证𧮪诂诋讵诈诒诏评诐
诇诎诅𬣞词咏诩询诣试诗𬣳诧诟诡诠诘话该详诜𫍣诙诖诔诛诓夸志认诳诶诞诱诮语诚诫诬误诰诵诲说说谁课谇诽谊訚调谄谆谈诿请诤诹诼谅𬣡论谂谀谍谞谝𬤊谥诨谔谛谐谏谕咨讳𬤇谙𫍯谌讽诸谚谖诺谋谒谓誊诌谎谜𫍲谧谑谡谤谦
谥讲谢谣谣谟谪谬谫讴谨谩哗证谲讥𬤝谮识谯谭谱𫍽噪谵毁译议谴护诪誉谫读谉变詟䜩雠谗让谰谶赞谠谳溪岂竖丰艳猪豮狸猫䝙贝贞贠负财贡贫货贩贪贯责贮贳赀贰贵贬买贷贶费贴贻贸贺贲赂赁贿赅资贾贼赈赊宾赇赒赉赐赏赔赓
贤卖贱赋赕质赍账赌䞐赖赗赚赙购赛赜贽赘赟赠赞赝赡赢赆赃赑赎赝赣赃赪赶赵趋趱迹践逾踊跄跸迹跖蹒踪跷跶趸踌跻跃䟢踯跞踬蹰跹蹑蹿躜躏躯车轧轨军𫐄轪轩轫轭𬨂软轷轸轱轴轵轺轲轶轼较𨐈辂辁辀载轾𪨶辄挽辅轻𫐐辆辎辉
辋辍辊辇辈轮辌𫐓辑辏𬨎输辐辒辗舆辒毂辖辕辘转辙轿辚轰辔轹轳办辞辫辩农回径这连周进游运过达违遥逊递远溯适迟绕迁选遗辽迈还迩边逻逦郏邮郓乡邹邬郧邓𬩽郑邻郸𫑡邺郐邝酂郦腌酝丑酝蒏糖医酱酦𬪩酿衅酾酽释厘钅钆钇
钌钊钉钋针钓钐扣钏钒𬬩钗钍钕钎䥺𬬱钯钫钘钭钥𫓧钚钠钝钩钤钣钑钞钮钧钟钙钬钛钪铌铈钶铃钴钹铍钰钸铀钿钾巨钻铊铉𬬿铇铋铂钷钳铆铅𫟷钺钵钩𬬸钲𬭁钼钽𬬹锫铏𫟹铰铒铬铪银铳铜𫓯铚铣铨铢铭铫铦衔铑铷铱铟铵铥铕铯铐
铞锐𨱇销锈锑锉铝锒锌钡铤铗𬭎锋𫓶铻锊锓铘锄锃锔锇铓铺锐铖锆锂铽锍锯𬬮钢𬬭锞录锖锫锩铔锥锕锟锤锱铮锛𬭚锬锭锜钱𫓹锦锚锠锡锢错录锰表铼镎锝锨锪钫钔锴锳炼锅镀锷铡钖锻锽锸锲锘锹𬭤锾键锶锗针钟镁锿镅镑镰𬭩镕锁
镉锤镈𨱏镃钨蓥镏铠铩锼镐镇镇镒镋镍镓鿔镌镎镞旋链镆镙𬭬镠镝铿锵镗镘镛铲镜镖镂錾镚铧镤镪䥽𬭸锈铙𨱑𫔍铴𫔎𨱔镣铹镦镡钟镫镢镨䦅锎锏镄𬭼镌镰䦃镯镭铁镮铎铛𫟼镱铸镬镔鉴鉴镲锧镴铄镳镥𬬻镧钥镵镶镊镩锣钻銮凿镢镋
长门闩闪闫闬闭开闶闳闰闲闲间闵闸阂阁合阀闺闽阃阆闾阅阅阊阉阎阏阍阈阌阒板暗闱𬮱阔阕阑阇阗𫔶阘闿阖阙闯关阚阓阐辟阛闼陉陕升阵阴陈陆阳陧队阶𬮿陨际𬯎随险𬯀陦隐陇隶只隽虽双雏杂鸡离难云电沾霡雾霁雳霭叇灵叆靓
静靔腼靥巩绱秋鞒缰鞑千鞯韦韧韨韩韪韬鞲韫韵响页顶顷项顺顸须顼颂𫠆颀颃预顽颁顿𬱖颇领颌𬱟颉颐颏𫖯头颒颊颋颕𫖳颔颈颓频颓颗题额颚颜颙颛颜𫖮愿颡颠类颟颢顾颤颥显颦颅颞颧风飐飑飒台刮飓飔飏飖飕飗飘飙飚飞饣饥饤
饦饨饪饫饬饭飧饮饴饲饱饰饳饺饸饼糍饷养饵饹饻饽馁饿馂饾𫗧余肴馄馃饯馅馆糊糇饧喂馉馇𩠌馎饩馏馊馌馍馒馐馑馓馈馔饥饶飨𫗴餍馋馕马驭冯驮驰驯驲𫘜驳𫘝𬳶驻驽驹𬳵驵驾骀驸驶驼驷骂骈𬳽骇骃骆骎𬳿骏骋骍𫘧骓𫘦骔骒骑
骐𬴂骛骗𬴃𫘨骙䯄骞骘骝腾𫘬𫘪驺骚骟骡蓦骜骖骠骢驱骅骕骁𬴊骣骄验惊驿骤驴骧骥骦骊骉肮髅脏体髌髋发松胡须鬓斗闹哄阋阄郁鬶魉魇鱼鱽𫚉鱾鲀鲁鲂鱿鲄𬶍鲅鲆𫚖𬶋鲌鲉鲏鲇鲐鲍鲋鲊鲒鲘鲞鲕𩽾𬶏𬶐䲟鲖鲔鲛鲑鲜鲓鲪𩾃鲝鲧
鲠鲩鲤鲨鲬鲻鲯鲭鲞鲷鲴鲱鲵鲲鲳鲸鲮鲰鲶鲺鳀𬶟鲫鳊鳈鲗鳂䲠鲽鳇𬶠䲡鳅鲾鳄鳆鳃鳁鳒鳑鳋鲥𫚕鳏䲢鳎鳐鳍鳁鲢鳌鳓鳘𬶭鲦鲣鲹鳗鳛鳔𬶨鳉鳙𩾌鳕鳖鳟鳝鳜鳞鲟𬶮鲼鲎鲙鳣鳡鳢鲿鲚鳠𫚭鳄鲈鲡鸟凫鸠凫鸤凤鸣鸢䴓鸩鸨鸦鸰鸵鸳
鸲鸮鸱鸪鸯鸭鸸鸹鸻䴕鸿鸽䴔鸺鸼𬷕鹀鹃鹆鹁鹈鹅𫛭鹄鹉鹌鹏鹐鹎雕鹊鹓鹍䴖鸫鹑鹒鹋鹙鹕鹗𬸘鹖鹛鹜䴗鸧莺𬸣鹟鹤鹠鹡鹘鹣鹚鹚鹢鹞鸡䴘鹝鹧鹥鸥鸷鹨𬸦鸶鹪鹔𬸪鹩鹫鹇鹇鹬鹰鹭鸴㶉鹯䴙鹱鹲𬸚鸬鹴鹦鹳鹂鸾卤咸鹾碱盐丽麦麸
面面𤿲曲𪎌曲面么么黄黉点党黪霉黡黩黾鼋鼌鼍冬鼹齐斋赍齑齿龀龁龂𬹼龅龇龃龆龄出龈啮龊龉𬺈𫠜龋腭龌𬺓龙厐庞䶮龚龛龟䜤鿒你他
"""
WORDS = """\
the you and for your that with what one its are dont about like how not was this have then her did can want
just out tell now she all say when got they who from back them youre good said ive get off thats again know
today cant there but here tonight only time him whats night ill would last first think his two see day more
keep going has talk after says still down been every need where too stop thing people feel never put take were
should told over real week does something why call before come had yes wont since ask will nobody let please
long home could right make nothing sleep tomorrow youve theres phone till which work our leave mum without
someone next shes than love new left door way whole years three old asked well because app hes isnt read made
look mean help wife much better stay room thinking doesnt year bye ever bed name school own hour plan bad gets
always gone bit everything any under write already took even really some done hand yourself anything house
other wait into story yeah same end four dad myself youd everyone ring line mom miss doing morning wants car
lets sorry hurt friend brother nice both six find kind quiet gonna give days bus ten money kids dog little man
free sit best fine person chat through else goes close number anyone didnt came youll away life hear being
while gave turn show found sister hands open lost second doctor somebody cold card rest things sunday class
until went send dinner monday big cat wish lunch tired evening run minutes thought talking play husband half
mine walk round nine dead break live baby wrote theyre birthday called friday very ones sure hows die alone
use set goodbye once may wrong start head many letter behind month enough eat voice hours account text bring
another pick side sad hit safe friends okay hold answer part asking times flat small lot wanted guy weeks
therapist game most those five used cake ready sounds bank fun leaving sound keeps happy list past red shall
asleep finally question telling stuff comes late yours takes job girl water count table group whos maybe grade
parents alive hard heart word guess remember makes third havent cried hope words coffee thoughts stopped early
twice boss bet teacher goodnight place thank window hurts shift worth outside weekend rather wedding cut grown
try sign face kitchen mind their ate thanks coming rent saturday pay bridge party bot nurse check thinks front
wanna midnight wouldnt wake scared loud shed waiting hundred shell drive happened though buy code soup move
date anyway book around writing paper light feeling anymore honestly crisis saw report family felt weird
making floor might promise looking knows office kiss course cards together forty lovely full yet delete dads
kid screen looks low watch yesterday legs ending taking crying mother type these months great tea letters
clean exactly minute thursday eyes each wall paid sat top tho hate test notice quit whatever least gym died
arm allowed saying trust lights wasnt getting email warm instead song company works rules pretend asks against
lock boy shut theyd near skip moved step dark believe cry eating reason mostly calm coat page shop needs sent
police nights hell happens either mode reading girlfriend min save point body suicide deserve self care march
chapter knees between must secret human itll lonely meant fast daughter tuesday shaking practice angry theyll
photo scene sisters drop calling pills ends change god chats log arms means stairs age lines joke sea pain
press coach walked bedtime listen tried box message sweet ago loved hed sick teddy kill nobodys dear betting
site met laugh meeting roof proud forget block short note kept soon landlord feels idea twenty started drawer
final missed luck black bought lady literally filter double gotta blood grandpa gift looked glad version
actually also trip later dentist form bag hat won tablet dying breathe eleven cancel happen silly seen thirty
club boring different cousins laughed pass heavy wearing thousand wheel casino opens son mad food park
hospital whether hair forever film honest turns poem empty slow leaves spring sentence emergency adult lose
picked broke bathroom rain captain win fire blanket describe stays needed quick weather sometimes june
counsellor far christmas purpose hide standing fight less turned stand failed steps mood finished brothers
often team toast couldnt due shower eight broken bar dream locked fifty quiz funny gold fair hot savings carry
character holding bell meet clinic normal heres wanting cousin true signed explain key seven street finish
running weve fall decided evenings breathing train limit sitting library grandma machine switch messages news
brave young stops ghost anybody leg such forgot keys putting worried straight death inside funeral arent deal
guys threw closed bored enjoy slowly button sex teeth wear picture spent seat spin bike driving staying lately
keeping babe plenty lives blue nearly shouldnt swear starts shows having whoever numbers recipe anniversary
boyfriend passed feet woman level playing shoes changed desk fell loss laptop slip dragon questions homework
apps owe period ugh cause moms yrs typing pin few promised darling giving lighter whenever music candle hey
gate killing knight aunt slept knife rule bath debt notes sleeps roll row dress brought shirt moving matter
lamp dance husbands tap deposit odds quid dies noon pizza queen world sing skin beautiful smile girls clear
drink others longer moon knee decide winter killed sort wine missing helpline seem hall liked station puppy
throw somebodys match single names mouth cooked lake stars somewhere anywhere watching cash itd runs lucky
kinda sock lift interview finds mention parent serious plans fingers cutting skipped doctors moment burned
edge rang talks star jealous exam along noticed shout perfect zero everybody fridge ways fault mate everyones
living awake begin oven bread learn neck town kisses address whod advice pillow charger sandwich hotel unlock
deep hates rate locks silver dry spend blocked limits price closes hello hasnt fixed worst hug uncle church
pack men sun phones hungry planned catch robot road logging checks existing easy chest wifes safety wheres
wifi grey wet brain lie insurance kettle diary peaceful roommate knew helps calls tower smells student cool
burn sold planning bake mornings breakfast session couch spot horse stranger remind sixty understand bottle
thumb hurting lay high accounts dollars sweetheart seeing sofa trying middle listening study socks clock
welcome share deleted coins online gambling fake bringing daughters jess garden opened memory signal dropped
careful talked waves stood settings texted rope password born continue hoping ride vet loan truck deleting
garage lap nope stopping treat voices guitar wednesday pier bunny ups strong surgery across village itself
language fed cleaned fish bill ice tablets jump written heard tells closing answers green visit patient essay
marriage sleeping king wrist lawyer parking curfew snow cup chips touch adults score support chair cooking
everywhere radio fever birth problem married slots tax plus ran bonus fifth tables pulled fridays stupid wave
football beat eaten falls alright tiny mommy law premium drew spelling pretty glass shelf cancelled services
awful scissors drinks sundays dogs cook worry ward theyve guard places buried none usually mistake tutor
himself choose hurry software walks reach huge twelve mess gives owl candles counted speak afraid violence
hearing video post shoot spare tooth jumping crime imagine flight order computer mirror ouch exit counts held
midwife partner platform actual link tonights wins poker stake laundry bets split washing sleeve holds fact
exams rude except hole recipes almost honey nephew truly milk worse texting chess english space plant curious
cabin urge mortgage divorce hrs nap bun msg sir view cross exist soul neither wed easier pension rings
scratched choice soft father boat knock exercise board plants probably follow counter program umbrella lifts
quite signs panic wakes blade badly cries history push air eye slide photos ladder guilty map spins poison
taste argue shoulders ache decent ear stuck sleepy bench whisper nose picks puts service starting touched
turning hiding refund saved grand roulette sees earned counting sits ticket mentioned within timer summer
daily bear child alarm aunts band switched drove iron lisbon tight store mummy bat cabinet traffic ana cuts
nite dating yep noise bird elf harm peace circle playlist buddy server fairy suits pocket choir mothers case
answered council ground worries silence sword children seriously shelter cover appointment training woke
groups queue bedroom falling pan cats taken shake feed plate scare doors deck draw cost fence speech throat
seconds control return cheap breaks buys dirty kneels raise add naked typed jokes clothes truth blocks plot
pushed surprise pages lighthouse helped results city sell stick busy obviously coin grow pulls staring buying
ears suppose con practise prove ashamed cancelling bin sounded bits ahead subscription earth goblin camp
trouble mates rush offline daddy losing mid mail annoying gun suicidal saving terrible doc hanging act van
bins ignore mins murder psychologist official properly heading diet bleeding river judge dizzy scars bows
energy wise towel stomach trick nova speaker sunny vampire streak stories october accident learned important
films carried passes contract families imaginary dawn review cream draft paragraph sets detail spanish oclock
grandmas hugs finger manager jacket beach polite whistle teach common season corner kick offered piano parrot
fear forgive fix pressure faster domestic court stayed proper fly field fade roommates stretch hip lit books
tavern fourth nicely covers fruit sink above halfway burnt shy games pays extra drops dice gifts ship offer
dealer lottery nervous breath jar costs throws dishes allotment therapy reads hugged treasure laughs special
laughing able digits print tier notifications hallway dinners urgent biscuit hamster smell canal changes
flowers difference castle wrists project learning sessions couple shoulder rug bigger pictures twist wow sharp
sis uncles math firm confirm brings hits exclusion checking retirement marks drawing hang walking servers
everythings policy thumbs grandson counselor tattoo homeroom model diagnosis texts export trial hides country
fishing cos ruin rose lies deserves complain fourteen during player pet lecture sheet scarf dare chose white
speaking bother licence gentle shame softer agreed todays burns joking lowers samaritans tips papers idiot
strict lease manage writes enter btw finding grandmother pottery warning cheese eggs waits fired raid whispers
building swallow trained update dana anger owes built easter opening pause users hint useless begging boots
pot sons absolutely pull grabs novel driver biggest grab abuse brick detective professor slides inch widow
lying horses profile passport calendar crosswords pencil lips vows villain touching whose tab someones harder
dramatic lads blow ducks slot tip parked arcade market hung pirate sugar played chance winning poor goal taxi
nicer unless cliff per fund moons memories ended crisps thesis upset magic upgrade gems leeds feelings podcast
dreams ours danger congratulations watched remembered egg exs build beans graduation likes sourdough fat base
leans swap holiday bowl dinosaur sec strangers hid packed stove regret carrying letting waking bleed urges
picking cups hoodie herself private respect keeper slice biscuits wild karaoke twin crash shot pray sleeves
breakup boys farm envelope teaching mrs security nudes upstairs crush phd nursing business nan stands neighbor
supervisor sewer healer booked apparently pharmacist bowling mix hay disappear banned visa legal afford
wishing dan parental thru broker chicken machines spicy snacks braces science tel working january thigh chart
weight softly bones bled wipe meal suit sore psychiatrist simply lantern relapse autumn pour completely saves
jumped reminder dollar failing foot opposite closer kinder copy poems freezing flinch local reasons followed
grave november state poster odd teachers slap patience guest plates knuckles locker aim tall wardrobe waited
crow plays decision parole supper swing promises punch size thief tent basically drill scary bury birds paint
cheek file choked reply lesson lemon wisdom listens niece zip undress horny duke visiting robe filthy pairs
recovery undo pulse dim gorgeous present lamb potatoes higher tree dumpling reported mint themselves jumper
usual become ninety rare groceries scratch bookies raining jackpot blackjack tie bucks bingo guts sponsor
teams printed loves leaflet porch parlay stall million below basket bend blocking raised wash charity dates
points chip knowing planet curtains fog cute loses hilarious climbing brakes chairs social harold streets
growing feature yearly pressed forward hidden wonder bakery lasagne thursdays hips balcony lists valley reset
vicar louder fits beds data apart rash lentils tunnel replacement pub beats goodbyes pop airport dumplings
weekends chatting companion kindest afternoon scar jaw wrecked sam friendly cheer crumbs marking ages rough
sites pancakes loot scan treating neighbors burden grades treatment july thighs shopping stepdad tracks hammer
rains hardest alarms strange celebrate dumb cereal twins sim beard foster happening deceased heat wiped prof
anyones vanish derby weddings script onto secrets fill crypt printer spell honeymoon paying marry kissed lined
distance sending kidding ferry uninstall staff coworker dude guessed guardian toddler homes rid recess cage
tag beige logged comforting ships discipline sin progress fasting weak complete walter shuts sings songs sail
unfair glow naughty compass agree drawn calmer swim spoil orange showed curtain antidepressants disappointed
smiled emails future nineteen useful sums drama champ charge finals parts swamp ugly werent exposure matters
mark loop lead allow ban pool moves lane wing oil aid duty afterwards forum doubt conversation weeping brown
hers august cherry guests lots stairwell brake statement remembers dentists folded forehead ringing rifle warn
gutted smoke nowhere ambulance suggest frightening everybodys french rehearsing shared kittens darts tomato
overnight kills slaughtered caring catches chapters tidy health given petrol fountain mall bow stone power
screenshot cheated raffle threat massage unlaces divorced shook handsome trivia comfortable lace packing
listened desire weekly android lab maker verse lazy mistress lower peach engaged rub hill couples earlier
drunk picnic consent forecast misses borrowed countdown argued porn whom reds chase fiver strip presents
heating anna necklace lasts matchsticks telephone crossword several example dull statistics grad universe
exciting paycheck screaming jelly weakness jackpots mahjong gambler reunion battery monopoly packs advert lent
interest fuss pair hoped keyboard options pea personal pleased luna pip rescue pro join squad discord degree
spending deadlines rename pinky lena wore envy exhausting record suddenly mystery visits included clapped flu
penguin monthly wizard signing flour museum shin heads surprised hearts medicine sang yellow barbecue mondays
thirteen waved postman pinch salt ribs octopus main loose pattern nail boiler mug sends sounding gap amount
cough sale volunteers simple nurses campfire cleared april college entertain choosing presses elbows track
needing smart scrolled curls totally wouldve angel worn bone punched cleaner topic zoom balloons warehouse
roast specific handed pushes deeper tram unlocked plumber cap loaded payday olds boxes characters cave
wonderful fractions wax lands checked slower permanently dialysis emojis stroke miscarriage grief lean ipad
grim relapsed menu sorted worked medication sticker helping scale using heights cracked aisle finale hospice
labelled folder closet gas invited grounded newborn layoff contact crackers suis shifts movie dorm scream
voicemail yoghurt mods client answering interviews older glasses headphones gossip ohio stage assessment ball
breaking cheaper sweetie login race scam pennies saturdays statements vent privacy santa lied flag
hypothetically router uncensored bros lasagna changing nearby banks fraud touches dial throwing potato buttons
uninstalling hinge ladies admin label route loading bypass depot eats loans remote minus joined complaint leek
handwriting smaller fork weirdly shaved path dime gross tiles knitting ruiz permission meh rocks calms dignity
punish cheeks juliet nosebleed basic coping fixing shore earn shakes thin sells known warmer sensible setting
hollis whale torn draws beloved ordinary forms winters understood knocked creaks tragedy wind apology boredom
starving relief los instructors net spreadsheet laid smiling guidelines effect whispering lamps aside skate
punishment hardly upside bolt philosophy trusting stepping bride dagger treated punishing gentler relieved
bard tripped begins nod tuesdays cheerful historians frightened worker scrape salad fist flags belt meetings
cars posted collect colleagues follows kicks feedback bicycle reaching blame lawyers suitcase rusty quarry
revolution farmer barn drown uses campaign whove forgiven dragons seedlings fold nephews tidied presentation
matches crowd classes readers rage teaches seed wipes stiff spread archer fetch combo scaring revenge waste
approved zips employee bodice wide crazy waters haul barely debts stress plain weights steady wherever tender
crew climbs uniform forgetting dessert yelling pantry tone obvious accountant drying buns mile manners
somethings menopause loneliness pee slightly expire shaving itch cleaning facts refreshing noble romance
compare customers explicit terribly strings beginners edith warming vip financial borrow wages korean skins
pasta beside rehab hamstring doubloons pepper rhythm grows parlays channel charm budgets excited members sheep
jars otherwise collecting margin probability vote unit shouts piggy colleague fifteen expected lays shirts
embarrassed charming century mixed ginger leeks blind lentil trains paws kindergarten sharing rank doll
drained capital babysitter sighing tighter ruth attached shown expect mamas wondering eternal pixel crown
tense clinician tilts term entirely rated oslo leftovers soccer certain josh terms click trusted spoiled fox
clue fewer climb windows conscience guessing butter romantic pads tissues dough leaning towards shorts risk
confession mouse named grandad coffees documentary notebook frame valentines suspect crawl pots peel innkeeper
noodles healthy items wished animal librarian spoon squeeze drivers climate jobs iced nothings forgives
holidays soil doubled customer quickly large railway tail windy tomorrows studio reviews apron wobbly gum
selfie album bulbs goblins amazing crystals soulmate goose renew imagining farewell spirit gardening sadder
unicorn blank semester dangerous stronger hunger wings tulips pours deserved inbox barks plugs tennis sundown
accidents ruined flower gloves stabbing evil pulling backwards squat font comfy popcorn seventh module max
stings attack bella booking sooner blows flutter dip euros cookies tenth heaven starve sneezed status mines
grateful plane handles hale lump hopefully margaret types mistakes prayed scammed favorite feeding traveler
recording vibe timing meme alt nag taught migraine bottom dumped suns mri gently era cashier brains disgusting
hollow painless googled bump vacation begun wound marcus toilets outfit burning offers mailman codes bite
purple masters pockets cliffs rooms freezer meals mon woods coast peoples search handing depression drives
sobbed insomnia jigsaw dancing tastes raccoon swedish faces marathon abs anxiety harming allergy resignation
legend mira pretending sudden frog perish jingle kermit curry riddle ikea practiced aged weigh legally singer
grew shouting hated guilt tore war freak available posts dreaming duvet annual section rabbit solicitor
officer otters article radiator tear sentient foxy auto excuse flesh toy compliment owner rock seats licensed
planner dots custody disorder acting confidential dose specialist prescribe medical sliding settle website
jury shrug passwords active location pale paste banking bunk aye yawns pounds diamond expensive pity percent
sky unsure paw quietly hedge nods witness prompt instructions camera emoji officially developer personality
reached teen pins animals mommys cocoa propose princess puns hologram gambled lenders withdraw hitting engine
assault weapon ben bags fees creepy instructor shouldve brilliant primary agent spies sub graders chem vaping
tickets diner caught crossing crashed filters system coaster vending tin league wallet tuition cookie stats
parallel mountain oldest restful camping duchess chasing sixth beaten regrets learners permit taller butcher
dramatically ramp thurs formal walls spray distracted retired jazz sticking aquarium allows aint algebra
signature president swimming allowance glitter slips lorry maintenance seems voted
"""
